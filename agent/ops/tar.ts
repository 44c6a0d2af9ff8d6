/** A tar archive of a few small files, in the ustar format that every tar reads (POSIX.1-1988). */

const BLOCK_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const NAME_BYTES = 100;
/** Regular file, readable for its owner: it tells how a node is set up. */
const MODE = '0000600';
const NOBODY = '0000000';

export interface TarFile {
  /** At most 100 bytes of ASCII, with `/` between folders. */
  readonly name: string;
  readonly content: string;
}

export function tarOf(files: readonly TarFile[], timeMs: number): Buffer {
  const parts: Buffer[] = [];
  for (const { name, content } of files) {
    const bytes = Buffer.from(content);
    const rest = bytes.length % BLOCK_BYTES;
    parts.push(headerOf(name, bytes.length, timeMs), bytes);
    if (rest > 0) parts.push(Buffer.alloc(BLOCK_BYTES - rest));
  }
  parts.push(Buffer.alloc(2 * BLOCK_BYTES)); // its end
  return Buffer.concat(parts);
}

function headerOf(name: string, sizeBytes: number, timeMs: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES) throw new Error(`the name ${name} is too long for a tar`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number): string => Math.floor(value).toString(8).padStart(11, '0');
  header.write(name, 0);
  header.write(`${MODE}\0${NOBODY}\0${NOBODY}\0${octal(sizeBytes)}\0${octal(timeMs / 1000)}\0`, NAME_BYTES);
  header.write('0', 156); // regular file
  header.write('ustar\x0000', 257);
  header.fill(' ', CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT);
  return header;
}
