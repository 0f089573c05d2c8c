// Pictures of Kedro-Viz for the docs. Usage: node capture.mjs [address of a running Kedro-Viz] [Chromium's path]
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [, , viz = "http://localhost:4141", executablePath = "/usr/bin/chromium"] = process.argv;
const folder = dirname(fileURLToPath(import.meta.url));
const settings = {
  theme: "light", orientation: "horizontal", isPrettyName: false, showFeatureHints: false,
  visible: { sidebar: false, miniMap: false, graph: true, slicing: false }, layer: { visible: true },
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });

async function open(query, width, height) {
  const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 2 });
  page.on("pageerror", (error) => console.error(query, error.message));
  await page.addInitScript((state) => localStorage.setItem("KedroViz", JSON.stringify(state)), settings);
  await page.goto(`${viz}/?${query}`);
  await page.waitForSelector(".pipeline-node");
  await page.waitForTimeout(3000);
  return page;
}

// A graph as lines of a text: cut at the given fractions of its width, the pieces one below the other.
async function graph(file, query, width, height, cuts, boxes = []) {
  const page = await open(query, width, height);
  for (const box of boxes) {
    await page.locator(".pipeline-node--modularPipeline", { hasText: box }).first().click();
    await page.waitForTimeout(2000);
  }
  await page.getByText("Dismiss", { exact: true }).click({ timeout: 2000 }).catch(() => {});
  // Kedro-Viz fits the graph to a width that reaches under its right edge: shrink the page until all of it is seen.
  await page.addStyleTag({ content: `
    * { overflow: visible !important } html { background: #f1f3f5 } .pipeline-metadata { display: none } body { transform: scale(.93); transform-origin: 0 0 } .pipeline-global-toolbar, .pipeline-sidebar, [class*='version'], [class*='update-reminder'] { visibility: hidden }` });
  await page.getByLabel("Reset zoom").click({ force: true });
  await page.mouse.move(3, 3);
  await page.waitForTimeout(2000);
  const shown = await rectangles(page);
  const left = Math.min(...shown.map((r) => r.left)) - 12, whole = Math.max(...shown.map((r) => r.right)) + 12 - left;
  const top = Math.min(...shown.map((r) => r.top)) - 8;
  if (left + whole > width) throw new Error(`${file}: the graph is cut off at the right`);
  const ends = [0, ...cuts, 1].map((share) => left + share * whole);
  const lines = [];
  for (let i = 0; i <= cuts.length; i++) {
    const own = shown.filter((r) => r.left >= ends[i] && r.left < ends[i + 1]);
    const height = Math.max(...own.map((r) => r.bottom)) + 28 - top;
    const piece = { x: ends[i], y: top, width: ends[i + 1] - ends[i], height };
    lines.push({ width: piece.width, image: (await page.screenshot({ clip: piece })).toString("base64") });
  }
  await page.close();
  await stack(file, lines);
}

const rectangles = (page) => page.evaluate(() =>
  [...document.querySelectorAll(".pipeline-node, .pipeline-layer-name")].map((e) => e.getBoundingClientRect().toJSON()));

async function stack(file, lines) {
  const page = await browser.newPage({ deviceScaleFactor: 2 });
  const images = lines.map(({ width, image }) => `<div><img width="${Math.round(width)}" src="data:image/png;base64,${image}"></div>`);
  await page.setContent(`<style>body{margin:0;display:inline-block;background:#f1f3f5}
    div{padding:4px 0}div+div{border-top:1px solid #cfd4da}img{display:block}</style>${images.join("")}`);
  await page.locator("body").screenshot({ path: join(folder, file) });
  await page.close();
}

async function preview(file, pipeline, name) {
  const { nodes } = await (await fetch(`${viz}/api/pipelines/${pipeline}`)).json();
  const { id } = nodes.find((node) => node.name === name);
  const page = await open(`pid=${pipeline}&expandAllPipelines=true&sid=${id}`, 1000, 760);
  await page.getByText("Expand preview").click();
  await page.waitForTimeout(3000);
  await page.screenshot({ path: join(folder, file), clip: { x: 80, y: 0, width: 920, height: 740 } });
  await page.close();
}

const wanted = process.env.PICTURES?.split(",") ?? ["stages", "nodes", "diagram", "stages_b", "nodes_b", "complex", "stages_c", "nodes_c"];
if (wanted.includes("stages")) await graph("kedro_viz.png", "pid=track_a", 1900, 420, [0.515], ["track_a"]);
if (wanted.includes("nodes")) await graph("kedro_viz_expanded.png", "pid=track_a&expandAllPipelines=true", 2900, 420, [0.255, 0.505, 0.71]);
if (wanted.includes("diagram")) await preview("kedro_viz_diagram_preview.png", "track_a", "track_a.persistence_diagrams");
if (wanted.includes("stages_b")) await graph("kedro_viz_track_b.png", "pid=track_b", 2300, 420, [0.563], ["track_b"]);
if (wanted.includes("nodes_b")) await graph("kedro_viz_track_b_expanded.png", "pid=track_b&expandAllPipelines=true", 3300, 420, [0.255, 0.501, 0.71]);
if (wanted.includes("complex")) await preview("kedro_viz_complex_preview.png", "track_b", "track_b.simplicial_complexes");
if (wanted.includes("stages_c")) await graph("kedro_viz_track_c.png", "pid=track_c", 2600, 420, [0.5], ["track_c"]);
if (wanted.includes("nodes_c")) await graph("kedro_viz_track_c_expanded.png", "pid=track_c&expandAllPipelines=true", 4200, 420, [0.25, 0.5, 0.75]);

await browser.close();
