import { defineConfig } from "vite";

// Whatever folder the build is started from.
const source = (name: string) => decodeURIComponent(new URL(`./src/${name}`, import.meta.url).pathname);

// Two files, each whole in itself: the loader is also served at an address of its own (/widget.js), from which it could
// not find a part that it shared with the other.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    outDir: "dist",
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: { "equipier-chat": source("main.ts"), loader: source("loader.ts") },
      output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
    },
  },
});
