/** Numbers as a line of blocks, the largest as a full one. */

const BLOCKS = "▁▂▃▄▅▆▇█";
/** The most blocks of a line; of more numbers neighbours share one, which shows the largest of them. */
const WIDEST = 60;

/** A block for each number, none for 0. */
export function sparkline(values: readonly number[]): string {
  const share = Math.max(1, Math.ceil(values.length / WIDEST));
  const shown = Array.from({ length: Math.ceil(values.length / share) }, (_, index) => {
    return Math.max(...values.slice(index * share, (index + 1) * share));
  });
  const most = Math.max(...shown, 0);
  return shown
    .map((value) => (value <= 0 ? " " : (BLOCKS[Math.ceil((value / most) * BLOCKS.length) - 1] ?? "█")))
    .join("");
}
