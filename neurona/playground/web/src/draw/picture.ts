/** The network and its output as one SVG file, with the heat maps inside it. */
import type { Name } from "../protocol";

export function pictureSvg(name: Name, theme: "light" | "dark"): string {
  const net = document.querySelector<HTMLElement>(`[data-export="${name}"]`)!;
  const output = document.querySelector<HTMLElement>(`[data-output="${name}"]`)!;
  const paths = [...net.querySelectorAll("svg > path:not(.touch)")].map((one) => one.outerHTML.replace(/ class="[^"]*"/, ""));
  const nodes = [...net.querySelectorAll<HTMLElement>(".node")].map((node) => {
    const [x, y] = [node.offsetLeft, node.offsetTop];
    const canvas = node.querySelector("canvas");
    const text = node.textContent?.trim() ?? "";
    const label = text.replace(/[&<]/g, (sign) => (sign === "&" ? "&amp;" : "&lt;"));
    return canvas
      ? `<image x="${x}" y="${y}" width="38" height="38" href="${canvas.toDataURL()}"/>`
        + (label ? `<text x="${x}" y="${y - 3}">${label}</text>` : "")
      : `<rect x="${x}" y="${y}" width="${node.offsetWidth}" height="38" rx="9" fill="none" stroke="#777"/><text x="${x + 6}" y="${y + 23}">${label}</text>`;
  });
  const side = 300;
  const height = Math.max(net.offsetHeight, side) + 40;
  const pictures = [...output.querySelectorAll("canvas")].map(
    (canvas) => `<image x="${net.offsetWidth + 20}" y="20" width="${side}" height="${side}" href="${canvas.toDataURL()}"/>`,
  );
  const [ground, ink] = theme === "dark" ? ["#1a202d", "#e9edf5"] : ["#fff", "#1b2233"];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${net.offsetWidth + side + 40}" height="${height}" font-family="sans-serif" font-size="11" fill="${ink}">`
    + `<rect width="100%" height="100%" fill="${ground}"/><g transform="translate(0 20)">${paths.join("")}${nodes.join("")}</g>${pictures.join("")}</svg>`;
}
