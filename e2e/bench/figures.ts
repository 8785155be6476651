// What samples come to, and how they are shown.

/** The sample that so many per cent of the samples do not exceed (nearest rank). */
export function percentile(samples: readonly number[], perCent: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.ceil((perCent / 100) * sorted.length);
  return sorted[Math.max(rank - 1, 0)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Prints one figure. */
export function show(name: string, value: number, unit: string, note = ''): void {
  const number = value.toFixed(value < 100 ? 1 : 0).padStart(9);
  console.log(`  ${name.padEnd(44)}${number} ${unit.padEnd(6)}${note}`);
}

/** Prints median and 95th percentile of milliseconds. */
export function showTimes(name: string, millis: readonly number[]): void {
  const spread = `95 %: ${percentile(millis, 95).toFixed(0)} ms, ${millis.length} samples`;
  show(name, median(millis), 'ms', spread);
}
