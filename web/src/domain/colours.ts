// One colour per class, told apart by colour-blind eyes too: the palette of Okabe and Ito (2008),
// without its black, brightest first because the colours lie on pictures.

const PALETTE = [
  "#56b4e9",
  "#e69f00",
  "#00a87c",
  "#f0e442",
  "#d98ab5",
  "#e0632a",
  "#3d8fd1",
  "#b5b8bd",
];

export function colourOf(label: string, labels: readonly string[]): string {
  const index = Math.max(0, labels.indexOf(label));
  return PALETTE[index % PALETTE.length] as string;
}
