// Amounts of bytes as people read them.

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

export function bytes(amount: number): string {
  const step = amount < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(amount) / 3));
  const value = amount / 1000 ** step;
  return `${value.toFixed(step === 0 || value >= 100 ? 0 : 1)} ${UNITS[step]}`;
}
