/** Plots as SVG: points and lines over two axes, with a legend. Enough for the pictures of the tutorials. */

export interface Series {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly color: string;
  /** Points by default. */
  readonly style?: "points" | "line" | "dashed";
}

const [width, height, margin] = [640, 420, 48];

/** The picture as the text of an SVG file. */
export function plot(title: string, series: readonly Series[]): string {
  const [left, right] = range(series.flatMap(({ x }) => Array.from(x)));
  const [low, high] = range(series.flatMap(({ y }) => Array.from(y)));
  const px = (x: number) => margin + ((x - left) / (right - left)) * (width - 2 * margin);
  const py = (y: number) => height - margin - ((y - low) / (high - low)) * (height - 2 * margin);
  const at = (x: number, y: number) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`;
  const drawn = series.flatMap(({ x, y, color, style = "points" }) => {
    const points = Array.from(x, (value, i) => at(value, y[i]!));
    if (style !== "points") {
      const dash = style === "dashed" ? ' stroke-dasharray="6 4"' : "";
      return [`<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`];
    }
    return points.map((point) => {
      const [cx, cy] = point.split(",");
      return `<circle cx="${cx}" cy="${cy}" r="1.6" fill="${color}"/>`;
    });
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => {
    const [x, y] = [left + part * (right - left), low + part * (high - low)];
    return [
      `<text x="${px(x).toFixed(1)}" y="${height - margin + 18}" text-anchor="middle">${x.toFixed(2)}</text>`,
      `<text x="${margin - 6}" y="${(py(y) + 4).toFixed(1)}" text-anchor="end">${y.toFixed(2)}</text>`,
    ];
  });
  const legend = series.map(
    ({ label, color }, i) =>
      `<text x="${width - margin - 4}" y="${margin + 16 + 16 * i}" text-anchor="end" fill="${color}">${label}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<rect x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}" fill="none" stroke="gray"/>`,
    `<text x="${width / 2}" y="${margin / 2}" text-anchor="middle" font-size="15">${title}</text>`,
    ...drawn,
    ...ticks,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

/** Least and greatest with a little room around them. */
function range(values: readonly number[]): [number, number] {
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const room = 0.05 * (most! - least! || 1);
  return [least! - room, most! + room];
}
