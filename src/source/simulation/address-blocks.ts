/**
 * A country's block of 24-bit aircraft addresses (ICAO Annex 10, volume III, table 9-1). `name` is OpenSky's name for
 * the country.
 */
interface AddressBlock {
  name: string;
  first: number;
  size: number;
}

const block = (name: string, first: number, size: number): AddressBlock => ({ name, first, size });

/** By ISO 3166 code. Simulated aircraft are registered in these countries. */
export const addressBlocks: Readonly<Record<string, AddressBlock>> = {
  AE: block("United Arab Emirates", 0x896000, 0x1000),
  AR: block("Argentina", 0xe00000, 0x40000),
  AT: block("Austria", 0x440000, 0x8000),
  AU: block("Australia", 0x7c0000, 0x40000),
  BE: block("Belgium", 0x448000, 0x8000),
  BR: block("Brazil", 0xe40000, 0x40000),
  CA: block("Canada", 0xc00000, 0x40000),
  CH: block("Switzerland", 0x4b0000, 0x8000),
  CN: block("China", 0x780000, 0x40000),
  CZ: block("Czech Republic", 0x498000, 0x8000),
  DE: block("Germany", 0x3c0000, 0x40000),
  DK: block("Denmark", 0x458000, 0x8000),
  EG: block("Egypt", 0x010000, 0x8000),
  ES: block("Spain", 0x340000, 0x40000),
  FI: block("Finland", 0x460000, 0x8000),
  FR: block("France", 0x380000, 0x40000),
  GB: block("United Kingdom", 0x400000, 0x40000),
  GR: block("Greece", 0x468000, 0x8000),
  HU: block("Hungary", 0x470000, 0x8000),
  ID: block("Indonesia", 0x8a0000, 0x8000),
  IE: block("Ireland", 0x4ca000, 0x1000),
  IL: block("Israel", 0x738000, 0x8000),
  IN: block("India", 0x800000, 0x40000),
  IT: block("Italy", 0x300000, 0x40000),
  JP: block("Japan", 0x840000, 0x40000),
  KR: block("Republic of Korea", 0x718000, 0x8000),
  LU: block("Luxembourg", 0x4d0000, 0x400),
  MA: block("Morocco", 0x020000, 0x8000),
  MX: block("Mexico", 0x0d0000, 0x8000),
  MY: block("Malaysia", 0x750000, 0x8000),
  NL: block("Kingdom of the Netherlands", 0x480000, 0x8000),
  NO: block("Norway", 0x478000, 0x8000),
  NZ: block("New Zealand", 0xc80000, 0x8000),
  PH: block("Philippines", 0x758000, 0x8000),
  PK: block("Pakistan", 0x760000, 0x8000),
  PL: block("Poland", 0x488000, 0x8000),
  PT: block("Portugal", 0x490000, 0x8000),
  RO: block("Romania", 0x4a0000, 0x8000),
  SA: block("Saudi Arabia", 0x710000, 0x8000),
  SE: block("Sweden", 0x4a8000, 0x8000),
  SG: block("Singapore", 0x768000, 0x8000),
  TH: block("Thailand", 0x880000, 0x8000),
  TR: block("Turkey", 0x4b8000, 0x8000),
  US: block("United States", 0xa00000, 0x100000),
  VN: block("Viet Nam", 0x888000, 0x8000),
  ZA: block("South Africa", 0x008000, 0x8000),
};
