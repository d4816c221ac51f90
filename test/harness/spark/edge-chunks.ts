import { gzipSync } from "node:zlib";

const LIMIT = 64 * 1024 * 1024;
/** The piece size of Node's zlib, after which it checks the size. */
const PIECE = 16 * 1024;

const blanks = (length: number): Buffer => gzipSync(Buffer.alloc(length, " "));

/** The gzip member with a wrong checksum. */
function breakChecksum(member: Buffer): Buffer {
  const broken = Buffer.from(member);
  broken.writeUInt32LE((broken.readUInt32LE(member.length - 8) ^ 1) >>> 0, member.length - 8);
  return broken;
}

/** Gzip records near the limit of the inflated size. Some are also broken. */
export const edgeChunks = (): Buffer[] =>
  [LIMIT, LIMIT + 1, LIMIT + 2, LIMIT + PIECE - 1, LIMIT + PIECE, LIMIT + PIECE + 1].flatMap((length) => {
    const member = blanks(length);
    return [
      member,
      breakChecksum(member),
      member.subarray(0, -4),
      Buffer.concat([member, Buffer.from("junk")]),
      Buffer.concat([member, Buffer.from("\0junk")]),
      Buffer.concat([member, blanks(0)]),
      Buffer.concat([member, blanks(1)]),
      Buffer.concat([member, breakChecksum(blanks(0))]),
      Buffer.concat([member, breakChecksum(blanks(5))]),
    ];
  });
