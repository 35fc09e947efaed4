/** The one theme: every colour, size and default of the kit. CSS elsewhere only reads `--mayak-*`. */
import {
  createTheme,
  type CSSVariablesResolver,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from "@mantine/core";

const grey: MantineColorsTuple = [
  "#f7f7f8", "#efeff1", "#e4e4e8", "#d3d3d9", "#b1b1bb",
  "#8b8b97", "#62626e", "#47474f", "#2d2d33", "#1b1b1f",
];
const dark: MantineColorsTuple = [
  "#e9e9ec", "#c9c9d0", "#a5a5b0", "#8a8a96", "#4b4b55",
  "#36363e", "#27272d", "#1d1d21", "#151518", "#101012",
];
const beacon: MantineColorsTuple = [
  "#eef2ff", "#dfe6ff", "#bccbff", "#9db3ff", "#7f9aff",
  "#5876fb", "#4361ee", "#3650d3", "#2c42ad", "#243689",
];
const good: MantineColorsTuple = [
  "#e9f8ef", "#d3f0de", "#a8e0bd", "#7ace9a", "#50bb79",
  "#2fa55f", "#1f8a4c", "#18733f", "#135c33", "#0e4526",
];
const watch: MantineColorsTuple = [
  "#fff8e1", "#feefc0", "#fce08a", "#f7cd55", "#eab52d",
  "#c99610", "#9a6f00", "#7f5b00", "#654800", "#4b3500",
];
const risk: MantineColorsTuple = [
  "#fff1e6", "#ffe2cc", "#ffc499", "#ffa566", "#f78a3d",
  "#e06f1d", "#bd560c", "#994407", "#7a3605", "#5c2903",
];
const critical: MantineColorsTuple = [
  "#ffefef", "#ffdede", "#ffbcbc", "#ff9494", "#f76e6e",
  "#e54848", "#cc2f2f", "#ab2323", "#8a1c1c", "#691515",
];

export const theme = createTheme({
  primaryColor: "beacon",
  primaryShade: { light: 7, dark: 6 },
  colors: { gray: grey, dark, beacon, good, watch, risk, critical, red: critical },
  black: "#1b1b1f",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif, "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji"',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.35", sm: "1.45", md: "1.5", lg: "1.55", xl: "1.35" },
  spacing: { xs: "0.25rem", sm: "0.5rem", md: "0.75rem", lg: "1rem", xl: "1.5rem" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.2" },
      h2: { fontSize: "1.25rem", lineHeight: "1.3" },
      h3: { fontSize: "1rem", lineHeight: "1.4" },
      h4: { fontSize: "0.875rem", lineHeight: "1.45" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 32 } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, events: { hover: true, focus: true, touch: false } } },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: "md", position: "bottom-start", transitionProps: { duration: 120 } } },
    Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 120 } } },
    Drawer: { defaultProps: { transitionProps: { duration: 160 } } },
  },
});

/** Names for what things are, so that no component names a shade. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-dimmed": grey[6],
    "--mantine-color-placeholder": "#6f6f7b",
    "--mantine-color-default-border": grey[3],
    "--mantine-color-error": critical[7],
    "--mayak-sunken": grey[0],
    "--mayak-raised": "#ffffff",
    "--mayak-hover": grey[1],
    "--mayak-line": grey[2],
    "--mayak-line-strong": grey[3],
    "--mayak-faint": "#6a6a76",
    "--mayak-accent": beacon[7],
    "--mayak-accent-soft": beacon[0],
    "--mayak-good": good[7],
    "--mayak-watch": watch[7],
    "--mayak-risk": risk[7],
    "--mayak-critical": critical[7],
    "--mayak-mark": "#ffefb0",
    "--mayak-mark-line": "#c99610",
  },
  dark: {
    "--mantine-color-body": dark[8],
    "--mantine-color-text": dark[0],
    "--mantine-color-dimmed": dark[2],
    "--mantine-color-placeholder": "#8f8f9b",
    "--mantine-color-default-border": dark[5],
    "--mantine-color-error": critical[3],
    "--mayak-sunken": dark[9],
    "--mayak-raised": dark[7],
    "--mayak-hover": dark[6],
    "--mayak-line": dark[6],
    "--mayak-line-strong": dark[5],
    "--mayak-faint": "#92929e",
    "--mayak-accent": beacon[3],
    "--mayak-accent-soft": "#20263f",
    "--mayak-good": good[3],
    "--mayak-watch": watch[3],
    "--mayak-risk": risk[3],
    "--mayak-critical": critical[3],
    "--mayak-mark": "#4d3f0c",
    "--mayak-mark-line": "#eab52d",
  },
});

/** The same key as public/first-paint.js reads. */
export const colorSchemes = localStorageColorSchemeManager({ key: "mayak.theme" });
