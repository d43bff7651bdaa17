import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The pages live under a strict content security policy: nothing may be inlined,
// neither scripts and styles nor fonts and pictures as data addresses.
export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // In kilobytes before compression, which makes less than a third of it.
    chunkSizeWarningLimit: 600,
  },
  server: {
    proxy: { "/api": process.env.MILLPOND_URL ?? "http://127.0.0.1:8420" },
  },
});
