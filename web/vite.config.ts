import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/app/",
  plugins: [react()],
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
  preview: { proxy: { "/api": "http://127.0.0.1:8000" } },
  build: {
    outDir: "dist",
    target: "es2022",
    rolldownOptions: {
      output: {
        // What changes rarely is cached apart from what each release changes.
        codeSplitting: {
          groups: [
            { name: "kit", test: /node_modules[\\/](@mantine|@floating-ui|@tabler)/ },
            { name: "base", test: /node_modules/ },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    globals: true,
    setupFiles: ["src/test/setup.ts"],
    css: false,
    restoreMocks: true,
    // A slow machine must not fail a test: these limits only end what would hang.
    testTimeout: 30_000,
  },
});
