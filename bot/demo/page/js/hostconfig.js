/** How cards look: measures and colours close to Teams', written for this page. */
const tone = (normal, subtle) => ({ default: normal, subtle });

const palette = (dark) => ({
  default: dark ? tone("#f2f3f5", "#adb2bd") : tone("#20232a", "#585e6b"),
  dark: dark ? tone("#c9ccd4", "#adb2bd") : tone("#20232a", "#585e6b"),
  light: dark ? tone("#ffffff", "#d8dbe2") : tone("#585e6b", "#585e6b"),
  accent: dark ? tone("#a9aff8", "#a9aff8") : tone("#4b53bc", "#4b53bc"),
  good: dark ? tone("#6bd8a9", "#6bd8a9") : tone("#0b6f46", "#0b6f46"),
  warning: dark ? tone("#f4c274", "#f4c274") : tone("#7c4a00", "#7c4a00"),
  attention: dark ? tone("#ff9d94", "#ff9d94") : tone("#a8211a", "#a8211a"),
});

const container = (dark, background, border) => ({
  backgroundColor: background,
  borderColor: border,
  foregroundColors: palette(dark),
});

export const hostConfig = (dark) => ({
  fontFamily: "inherit",
  supportsInteractivity: true,
  spacing: { small: 6, default: 10, medium: 14, large: 20, extraLarge: 28, padding: 14 },
  separator: { lineThickness: 1, lineColor: dark ? "#3f424b" : "#e1e3e9" },
  fontSizes: { small: 12, default: 14, medium: 16, large: 18, extraLarge: 22 },
  fontWeights: { lighter: 400, default: 400, bolder: 650 },
  lineHeights: { small: 16, default: 20, medium: 22, large: 24, extraLarge: 29 },
  imageSizes: { small: 32, medium: 52, large: 100 },
  textBlock: { headingLevel: 3 },
  factSet: {
    title: { weight: "bolder", color: "default", size: "default", wrap: true, maxWidth: 150 },
    value: { weight: "default", color: "default", size: "default", wrap: true },
    spacing: 14,
  },
  inputs: {
    label: {
      inputSpacing: "small",
      requiredInputs: { weight: "bolder", color: "default", size: "default", suffix: " *", suffixColor: "attention" },
      optionalInputs: { weight: "bolder", color: "default", size: "default" },
    },
    errorMessage: { color: "attention", size: "small", spacing: "small", weight: "default" },
  },
  actions: {
    maxActions: 6,
    spacing: "default",
    buttonSpacing: 8,
    actionsOrientation: "horizontal",
    actionAlignment: "left",
    showCard: { actionMode: "inline", inlineTopMargin: 12, style: "emphasis" },
  },
  containerStyles: {
    default: container(dark, dark ? "#26282e" : "#ffffff", "#00000000"),
    emphasis: container(dark, dark ? "#30323a" : "#f3f4f8", "#00000000"),
    accent: container(dark, dark ? "#2f3250" : "#ebecfb", "#00000000"),
    good: container(dark, dark ? "#1f3a30" : "#e6f5ee", "#00000000"),
    warning: container(dark, dark ? "#3d321e" : "#fdf3e1", "#00000000"),
    attention: container(dark, dark ? "#452725" : "#fcebea", "#00000000"),
  },
});
