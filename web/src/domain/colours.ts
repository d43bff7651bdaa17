// One colour per class, told apart by colour-blind eyes too: after the palette of Okabe and Ito
// (2008), in the order of the labels, the brightest first because the colours lie on pictures.
// All pairs of the eight differ by 0.1 or more in OKLab, also as protanopes, deuteranopes and
// tritanopes see them (Machado, Oliveira and Fernandes 2009); dark words on each have a contrast of
// 4.5 or more. On a light page a swatch has an edge, and its word stands beside it. Eight more follow,
// each as far as could be from all before: 0.08 up to the twelfth, 0.064 up to the last. A
// seventeenth label begins again: wherever a colour is, the label is there in words.

const PALETTE = [
  "#4fb8f5",
  "#e69f00",
  "#00a48f",
  "#ffe82d",
  "#8170e0",
  "#d1591e",
  "#ffffff",
  "#b9cfb2",
  "#3ce1ff",
  "#b4ffa5",
  "#ff69b4",
  "#f0c35a",
  "#b4b478",
  "#9687ff",
  "#c3875a",
  "#f000d2",
];

export function colourOf(label: string, labels: readonly string[]): string {
  const index = Math.max(0, labels.indexOf(label));
  return PALETTE[index % PALETTE.length] as string;
}
