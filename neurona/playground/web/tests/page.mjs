/** Drives the page in Chromium against a running engine: node tests/page.mjs ADDRESS. Exits with 1 on a failure. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
const tab = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-US", colorScheme: "light" });
const problems = [];
let frame = null; // the engine's newest frame, as it was on the wire
tab.on("pageerror", (error) => problems.push(error.message));
tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
tab.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
  if (typeof payload !== "string") frame = JSON.parse(payload.subarray(4, 4 + payload.readUInt32LE(0)).toString());
}));
const until = async (done) => { for (let i = 0; i < 60 && !done(); i++) await tab.waitForTimeout(250); await settle(); };
const settle = () => tab.waitForTimeout(700);
const press = async (name) => { await tab.getByRole("button", { name, exact: false }).first().click(); await settle(); };
const text = (name) => tab.locator(`[data-test=${name}]`).innerText();
const agree = async () => {
  assert.equal(await text("update"), frame.update.toLocaleString("en"));
  assert.equal(await text("train-a"), frame.losses.train.toFixed(3));
  assert.equal(await text("test-a"), frame.losses.test.toFixed(3));
};
try {
  await tab.goto(process.argv[2]);
  for (let i = 0; i < 60 && !frame; i++) await tab.waitForTimeout(500); // the first programs compile
  await settle();
  await agree();
  const before = await text("train-a");
  await press("One update");
  await until(() => frame.update === 1);
  assert.equal(frame.update, 1);
  await agree();
  await press("Play");
  await until(() => frame.update > 100);
  await press("Pause");
  await until(() => !frame.playing);
  await agree();
  await press("Reset");
  await until(() => frame.update === 0);
  assert.equal(await text("train-a"), before); // the same weights again
  await press("Add a layer");
  await tab.waitForTimeout(1500);
  assert.ok(decodeURIComponent(tab.url()).includes('"4tanh","2tanh","2tanh"'));
  await tab.getByRole("combobox", { name: "Data", exact: true }).selectOption("spiral");
  await tab.getByText("Weights as a table").click();
  await settle();
  const cell = tab.getByLabel("weight 1, 1");
  await cell.fill("1.5");
  await cell.press("Tab");
  await settle();
  assert.equal(await cell.inputValue(), "1.5000");
  await tab.getByText("One step by hand").click();
  await press("Compute");
  await tab.getByRole("heading", { name: "δ 1" }).waitFor();
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate(() => window.axe.run());
  problems.push(...violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target).slice(0, 3)}`));
  assert.deepEqual(problems, []);
  console.log("The page agrees with the engine; no accessibility violations.");
} finally {
  await browser.close();
}
