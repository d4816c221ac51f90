import { gzipSync } from "node:zlib";

const LIMIT = 64 * 1024 * 1024;
/** What a reader of gzip takes at once. */
const PIECE = 16 * 1024;

const blanks = (length: number): Buffer => gzipSync(Buffer.alloc(length, " "));

function brokenSum(member: Buffer): Buffer {
  const broken = Buffer.from(member);
  broken.writeUInt32LE((broken.readUInt32LE(member.length - 8) ^ 1) >>> 0, member.length - 8);
  return broken;
}

/** Stream records around the size at which one is too large, of which some are broken besides. */
export const edgeChunks = (): Buffer[] =>
  [LIMIT, LIMIT + 1, LIMIT + 2, LIMIT + PIECE - 1, LIMIT + PIECE, LIMIT + PIECE + 1].flatMap((length) => {
    const member = blanks(length);
    return [
      member,
      brokenSum(member),
      member.subarray(0, -4),
      Buffer.concat([member, Buffer.from("junk")]),
      Buffer.concat([member, Buffer.from("\0junk")]),
      Buffer.concat([member, blanks(0)]),
      Buffer.concat([member, blanks(1)]),
      Buffer.concat([member, brokenSum(blanks(0))]),
      Buffer.concat([member, brokenSum(blanks(5))]),
    ];
  });
