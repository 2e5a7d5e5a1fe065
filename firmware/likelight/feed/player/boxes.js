// Cuts a byte stream of fMP4 into the segments that Media Source Extensions take.

const MAX_BOX = 8 * 1024 * 1024; // bytes; ours are under one

export class Boxes {
  #bytes = new Uint8Array(0); // from the start of the segment that is not yet complete
  #scanned = 0; // how many of them are whole boxes

  /**
   * Take the next bytes; return the segments that they complete: `{data, init}`, an init segment
   * (up to its moov) or a fragment (up to its mdat), each an ArrayBuffer. Throws when it is not MP4.
   */
  take(chunk) {
    this.#bytes = appended(this.#bytes, chunk);
    const segments = [];
    for (;;) {
      const rest = this.#bytes.length - this.#scanned;
      if (rest < 8) return segments;
      const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#scanned);
      const size = view.getUint32(0);
      if (size < 8 || size > MAX_BOX) throw new RangeError(`a box of ${size} bytes`);
      if (rest < size) return segments;
      const kind = fourcc(this.#bytes, this.#scanned + 4);
      this.#scanned += size;
      if (kind !== "moov" && kind !== "mdat") continue;
      segments.push({data: this.#bytes.slice(0, this.#scanned).buffer, init: kind === "moov"});
      this.#bytes = this.#bytes.subarray(this.#scanned);
      this.#scanned = 0;
    }
  }
}

/** The type of an init segment for H.264, as its avcC box has it. */
export function mimeOf(init) {
  const bytes = new Uint8Array(init);
  for (let at = 4; at + 8 <= bytes.length; at++) {
    if (bytes[at] !== 0x61 || fourcc(bytes, at) !== "avcC") continue;
    const codec = [...bytes.subarray(at + 5, at + 8)]; // profile, constraints, level
    const hex = codec.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `video/mp4; codecs="avc1.${hex}"`;
  }
  throw new TypeError("no H.264 in the init segment");
}

function fourcc(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function appended(before, chunk) {
  if (!before.length) return chunk;
  const whole = new Uint8Array(before.length + chunk.length);
  whole.set(before);
  whole.set(chunk, before.length);
  return whole;
}
