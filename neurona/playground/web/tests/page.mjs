/** Drives the page in Chromium against a running engine: node tests/page.mjs ADDRESS. Exits with 1 on a failure. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
const tab = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-US", colorScheme: "light" });
tab.setDefaultTimeout(15000);
const problems = [];
const frames = {}; // the engine's newest frame of each network, as it was on the wire
let counted = 0;
tab.on("pageerror", (error) => problems.push(error.message));
tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
tab.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
  if (typeof payload === "string") return;
  const frame = JSON.parse(payload.subarray(4, 4 + payload.readUInt32LE(0)).toString());
  frames[frame.network] = frame;
  counted++;
}));
await tab.addInitScript(() => { // so that a connection can be cut
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain { constructor(...all) { super(...all); window.cut = () => this.close(); } };
});
const until = async (what, done) => {
  for (const end = Date.now() + 15000; !(await done()); await tab.waitForTimeout(30)) {
    if (Date.now() > end) throw new Error(`Waited for: ${what}`);
  }
};
const button = (name) => tab.getByRole("button", { name, exact: false }).first();
const field = (name) => tab.getByLabel(name, { exact: true }).first();
const set = async (name, value) => { await field(name).fill(value); await field(name).press("Tab"); };
const text = (name) => tab.locator(`[data-test=${name}]`).innerText();
const has = (sign) => frames.a.buffers.find((one) => one.name === sign)?.shape;
const agree = () => until("page and engine agree", async () =>
  (await text("update")) === frames.a.update.toLocaleString("en")
  && (await text("train-a")) === frames.a.losses.train.toFixed(3)
  && (await text("test-a")) === frames.a.losses.test.toFixed(3));
const changed = async (act) => { const before = counted; await act(); await until("a new frame", () => counted > before); };
const open = (name) => tab.locator("summary", { hasText: name }).first().click();
const isDrawn = (canvas) => canvas.evaluate((one) =>
  one.width * one.height > 0 && one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some((byte) => byte > 0));
const choose = (name, value) => changed(() => tab.getByRole("combobox", { name, exact: true }).selectOption(value));
const began = Date.now();
const done = (what) => process.env.VERBOSE && console.log(((Date.now() - began) / 1000).toFixed(1), what);

async function training() {
  await until("the first frame", () => frames.a);
  await agree();
  const before = await text("train-a");
  await button("One update").click();
  await until("one update", () => frames.a.update === 1);
  await agree();
  await button("Play").click();
  await until("100 updates", () => frames.a.update > 100);
  await button("Pause").click();
  await until("a pause", () => !frames.a.playing);
  await agree();
  const { update, losses } = frames.a;
  await tab.getByLabel("Rewind").fill("40");
  await until("a rewind", () => frames.a.update === 40);
  await tab.getByLabel("Rewind").fill(String(update));
  await until("the way back", () => frames.a.update === update);
  assert.deepEqual(frames.a.losses, losses); // the same bits
  await button("Reset").click();
  await until("a reset", () => frames.a.update === 0);
  await agree();
  assert.equal(await text("train-a"), before); // the same weights again
  await tab.getByLabel("Speed").selectOption("10");
  await button("Play").click();
  await tab.waitForTimeout(1000);
  await button("Pause").click();
  await until("a pause", () => !frames.a.playing);
  assert.ok(frames.a.update >= 1 && frames.a.update <= 20, `${frames.a.update} updates in a second, not 10`);
  await tab.getByLabel("Speed").selectOption("");
}

async function keyboard() {
  await button("Reset").focus();
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Enter");
  await until("play by keyboard", () => frames.a.playing);
  await tab.evaluate(() => document.activeElement.blur());
  await tab.keyboard.press("Space");
  await until("pause by keyboard", () => !frames.a.playing);
}

async function tools() {
  await open("Weights as a table");
  const cell = field("weight 1, 1");
  await cell.fill("1.5");
  await changed(() => cell.press("Tab"));
  assert.equal(await cell.inputValue(), "1.5000");
  const width = () => tab.locator("svg path:not(.touch)").first().getAttribute("stroke-width");
  await until("the line of the weight", async () => (await width()) === (0.6 + 2.4 * 1.5).toFixed(2));
  await tab.locator("path.touch").first().dispatchEvent("click");
  await tab.getByLabel(/weight Layer 1/).fill("-0.25");
  await changed(() => tab.getByRole("button", { name: "Set", exact: true }).click());
  await until("the weight in the table", async () => (await cell.inputValue()) === "-0.2500");
  await open("One step by hand");
  await button("Compute").click();
  await tab.getByRole("heading", { name: "δ 1" }).waitFor();
  await open("Loss surface");
  await tab.getByRole("button", { name: "Compute" }).nth(1).click();
  await until("a loss surface", () => isDrawn(tab.getByRole("img", { name: "Loss surface" }).locator("canvas")));
  await changed(() => open("Space of a layer"));
  await until("a layer's space", () => has("hidden0"));
  await until("its picture", () => isDrawn(tab.getByRole("img", { name: "Space of a layer" }).locator("canvas")));
  for (const [name, sign] of [["Python", "nn.Model"], ["Notebook", "nbformat"], ["Model file", "PK"], ["SVG", "<image"], ["PNG", "PNG"]]) {
    const [file] = await Promise.all([tab.waitForEvent("download"), tab.getByRole("button", { name, exact: true }).click()]);
    assert.ok(readFileSync(await file.path(), "latin1").includes(sign), name);
  }
}

async function structures() {
  await changed(() => button("Add a layer").click());
  await until("the address", () => decodeURIComponent(tab.url()).includes('"4tanh","2tanh","2tanh"'));
  await open("Skip connections");
  await tab.getByRole("button", { name: "Add", exact: true }).click();
  await until("a skip connection", () => String(has("kernel1")) === "6,2"); // four neurons and two features
  await changed(() => button("Remove the layer").click());
  await changed(() => tab.getByLabel("Batch normalization").first().check());
  await set("Classes", "3");
  await until("three classes", () => has("output")[0] === 3);
  await until("a map of each class", async () => (await tab.locator(".node.last canvas").count()) === 3);
}

async function points() {
  await choose("Data", "formula");
  await set("Formula", "x > y");
  await choose("Data", "points");
  await set("Paste x, y, class (CSV)", "x,y,class\n1,2,a\n-1,oops,b");
  await button("Use these").click();
  await tab.getByText("Line 3 is not").waitFor();
  await set("Paste x, y, class (CSV)", "x,y,class\n1,2,a\n-1,2,b\n2,2,a\n-2,-2,b\n0,3,a\n3,-3,b");
  const held = () => JSON.parse(new URLSearchParams(new URL(tab.url()).hash.slice(1)).get("s")).data.points.length;
  await changed(() => button("Use these").click());
  assert.equal(held(), 6);
  const plane = tab.locator("[data-output=a]");
  await changed(() => plane.click({ position: { x: 20, y: 20 } }));
  assert.equal(held(), 7);
  await changed(() => plane.click({ position: { x: 22, y: 22 }, modifiers: ["Shift"] }));
  assert.equal(held(), 6);
}

async function failures() {
  await changed(() => button("Compare two networks").click());
  await until("a second network", () => frames.b && frames.b.update === 0);
  await button("One update").click();
  await until("both trained", async () => frames.a.update > 0 && frames.b.update === 1 && (await text("train-b")) === frames.b.losses.train.toFixed(3));
  await button("Compare two networks").click();
  await set("Learning rate", "5000");
  await tab.getByText("Learning rate is a number from 0 to 1000. Received: 5000").waitFor();
  await choose("Problem", "regression");
  await until("a regression", () => frames.a.metrics === null && has("output")[0] === 1);
  await choose("Activation 1", "linear");
  await set("Learning rate", "1000");
  await button("Play").click();
  await tab.getByText("is not a finite number").waitFor();
  await set("Learning rate", "0.1");
  await changed(() => button("Reset").click());
  await until("no message", async () => (await tab.locator(".notice").count()) === 0);
  await tab.evaluate(() => window.cut());
  await tab.getByText("The engine does not answer").waitFor();
  await until("a new connection", async () => (await tab.locator(".notice").count()) === 0);
  assert.equal(await field("Learning rate").inputValue(), "0.1"); // what was set is kept
}

async function accessibility() {
  await tab.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  for (const turn of ["Español", "Claro u oscuro", "English", "Light or dark"]) {
    const { violations } = await tab.evaluate(() => window.axe.run());
    problems.push(...violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target).slice(0, 3)}`));
    await button(turn).click();
    if (turn === "Español") assert.equal(await field("Tasa de aprendizaje").inputValue(), "0,1");
  }
}

try {
  await tab.goto(process.argv[2]);
  for (const part of [training, keyboard, tools, structures, points, failures, accessibility]) {
    await part();
    done(part.name);
  }
  assert.deepEqual(problems, []);
  console.log("The page agrees with the engine; no accessibility violations.");
} catch (error) {
  console.error(problems, await tab.locator(".notice").allInnerTexts());
  throw error;
} finally {
  await browser.close();
}
