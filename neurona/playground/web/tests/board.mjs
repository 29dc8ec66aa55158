/** Drives the page of runs in Chromium: node tests/board.mjs ADDRESS FOLDER. It writes runs into the folder, also while it looks.
 * Exits with 1 on a failure. With RUNS=1000 in the environment it measures how the page draws so many. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [address, folder] = process.argv.slice(2);
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
const tab = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-US", colorScheme: "light" });
tab.setDefaultTimeout(15000);
const problems = [];
tab.on("pageerror", (error) => problems.push(error.message));
tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
const until = async (what, done) => {
  for (const end = Date.now() + 15000; !(await done()); await tab.waitForTimeout(30)) {
    if (Date.now() > end) throw new Error(`Waited for: ${what}`);
  }
};

// Runs, as `Board` writes them.
const now = Date.now() / 1000;
const write = (name, ...events) => {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  appendFileSync(`${folder}/${name}/board.jsonl`, events.map((one) => JSON.stringify(one) + "\n").join(""));
};
const begin = (hyperparameters) => ({ event: "begin", format: 1, time: now, host: "elsewhere", process: 1, hyperparameters });
const loss = (rate, epoch) => 1 / (1 + rate * 10 * epoch);
const epoch = (rate, number) => ({
  event: "scalars", time: now + number, step: number * 10, epoch: number,
  values: { loss: loss(rate, number), val_loss: loss(rate, number) + 0.125, accuracy: 1 - loss(rate, number) },
});
const end = { event: "end", time: now + 9, state: "finished", why: "" };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";
const counts = (number) => ({ event: "histograms", time: now + number, step: number, epoch: number, values: { "weights/a": { edges: [-1, 0, 1], counts: [3, number] } } });
const RATES = [0.1, 0.01, 0.001];
for (const [index, rate] of RATES.entries()) {
  write(`rate-${index}`, begin({ learning_rate: rate, optimizer: index ? "SGD" : "Adam" }), ...[1, 2, 3, 4].map((one) => epoch(rate, one)));
}
write("rate-0", counts(1), counts(2), { event: "images", time: now, step: 1, epoch: 1, values: { filters: pixel } },
  { event: "system", time: now + 3, values: { cpu: 55.5, memory: 3e8 } }, end);

const panel = (name) => tab.getByRole("tab", { name, exact: true }).click();
const button = (name) => tab.getByRole("button", { name, exact: true });
const chart = (name) => tab.locator(`[data-chart="${name}"]`);
const tip = () => tab.locator(".tip strong").innerText();
const list = () => tab.locator(".run .name").allInnerTexts();
const dots = (name) => chart(name).locator("canvas").first().evaluate((one) => {
  if (!one.width) return 0;
  const pixels = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
  let found = 0;
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] && Math.max(pixels[i], pixels[i + 1], pixels[i + 2]) - Math.min(pixels[i], pixels[i + 1], pixels[i + 2]) > 40) found++;
  return found;
});

async function curves() {
  await until("three runs", async () => (await list()).length === 3);
  await until("curves", async () => (await dots("loss")) > 300);
  await chart("loss").focus();
  await tab.keyboard.press("ArrowRight");
  await until("a value by keyboard", async () => (await tab.locator(".tip").count()) === 1);
  const rate = RATES[Number((await tab.locator(".tip b").innerText()).slice(-1))];
  assert.ok(Math.abs(Number(await tip()) - loss(rate, 4)) < 1e-8, await tip());
  await tab.keyboard.press("ArrowLeft");
  await until("the epoch before", async () => Math.abs(Number(await tip()) - loss(rate, 3)) < 1e-8);
  await tab.keyboard.press("Escape");
  write("rate-2", epoch(0.001, 5)); // as it trains on
  await until("a live run", async () => (await tab.locator("[data-test=live]").innerText()).includes("2 running"));
  await chart("loss").focus();
  await until("the new epoch", async () => {
    await tab.keyboard.press("ArrowDown");
    await tab.keyboard.press("ArrowRight");
    return (await tab.locator(".tip").innerText()).includes("epoch 5");
  });
  await tab.keyboard.press("Escape");
  const before = await dots("loss");
  await button("Only rate-1").click();
  await until("one run's curves", async () => (await dots("loss")) < before / 2);
  await button("All").click();
  await tab.getByLabel("Search").fill("learning_rate<0.05 optimizer=sgd");
  await until("two runs", async () => (await list()).join() === "rate-2,rate-1" || (await list()).join() === "rate-1,rate-2");
  await tab.getByLabel("Search").fill("");
  await tab.getByLabel("Log scale").check();
  await tab.getByLabel("Horizontal axis").selectOption("time");
  await tab.getByLabel("Smoothing").fill("0.6");
  await until("the address", () => decodeURIComponent(tab.url()).includes('"smoothing":0.6'));
  await tab.reload();
  await until("curves again", async () => (await dots("loss")) > 300);
  assert.ok(await tab.getByLabel("Log scale").isChecked());
}

async function compare() {
  await panel("Comparison");
  const first = () => tab.locator("tbody th").first().innerText();
  await button("loss").click();
  await until("the lowest loss first", async () => (await first()) === "rate-0");
  assert.equal(await tab.locator("th[aria-sort=ascending]").innerText(), "loss ↑");
  await button("loss").click();
  await until("the highest loss first", async () => (await first()) === "rate-2");
  const cells = await tab.locator("tbody tr").first().locator("td").allInnerTexts();
  assert.ok(cells.includes("0.001"), String(cells));
  await tab.getByLabel("Value").selectOption("highest");
  await until("the highest", async () => (await tab.locator("tbody tr").first().innerText()).includes(Number(loss(0.001, 1).toPrecision(4)).toString()));
}

async function parallel() {
  await panel("Hyperparameters");
  const axis = tab.locator('[data-axis="learning_rate"]');
  const { x, y, width, height } = await axis.boundingBox();
  await tab.mouse.move(x + width / 2, y + 4);
  await tab.mouse.down();
  await tab.mouse.move(x + width / 2, y + height * 0.3, { steps: 4 });
  await tab.mouse.up();
  await tab.getByText("1 of 3 runs in the ranges").waitFor();
  await button("Show only these").click();
  await tab.getByText("1 of 3 shown").waitFor();
  await button("All").click();
  await tab.locator("summary").click();
  await tab.getByRole("group", { name: "learning_rate" }).getByLabel(/to/).fill("0.6");
  await tab.getByText("2 of 3 runs in the ranges").waitFor();
  await button("Clear the ranges").click();
  await tab.getByText("3 of 3 runs in the ranges").waitFor();
}

async function others() {
  await panel("Histograms");
  await tab.getByText("epoch 2: -1 … 1, n = 5").waitFor();
  await tab.getByRole("group", { name: /weights\/a/ }).focus();
  await tab.keyboard.press("ArrowUp");
  await tab.getByText("epoch 1: -1 … 1, n = 4").waitFor();
  await panel("Images");
  await until("a picture", () => tab.locator("img[alt*=filters]").evaluate((one) => one.naturalWidth === 1));
  await tab.getByRole("tab", { name: "Images" }).press("ArrowRight");
  await tab.getByRole("region", { name: "Memory of the process" }).waitFor();
}

async function accessibility() {
  await tab.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  for (const turn of ["Español", "Claro u oscuro", "English", "Light or dark"]) {
    for (const number of [0, 1, 2, 3, 4, 5]) {
      await tab.getByRole("tab").nth(number).click();
      await tab.waitForTimeout(150);
      const { violations } = await tab.evaluate(() => window.axe.run());
      problems.push(...violations.map((one) => `${turn} ${number} ${one.id}: ${one.help}: ${one.nodes.map((node) => node.target).slice(0, 3)}`));
    }
    await button(turn).click();
  }
  await tab.setViewportSize({ width: 390, height: 800 });
  for (const number of [0, 1, 2, 3, 4, 5]) {
    await tab.getByRole("tab").nth(number).click();
    await tab.waitForTimeout(100);
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `tab ${number} is ${wide} pixels wide on a phone`);
  }
  await tab.setViewportSize({ width: 1280, height: 800 });
}

/** Refreshes a second and the longest between two, while something is done over and over. */
async function refreshes(what, act, seconds = 3) {
  await tab.evaluate(() => {
    window.at = [];
    const count = (now) => { window.at.push(now); window.counting = requestAnimationFrame(count); };
    requestAnimationFrame(count);
  });
  for (const stop = Date.now() + 1000 * seconds; Date.now() < stop; ) await act();
  const gaps = (await tab.evaluate(() => { cancelAnimationFrame(window.counting); return window.at.map((one, i) => one - window.at[i - 1]).slice(1); })).sort((a, b) => a - b);
  const at = (share) => gaps[Math.floor(share * (gaps.length - 1))].toFixed(0);
  console.log(`${what}: ${(1000 / (gaps.reduce((a, b) => a + b) / gaps.length)).toFixed(0)} refreshes a second; between two: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)} ms`);
}

async function many(count) {
  const began = Date.now();
  const steps = Array.from({ length: 100 }, (_, i) => i + 1);
  for (let number = 0; number < count; number++) {
    const rate = 10 ** -((number % 30) / 10);
    mkdirSync(`${folder}/many/${number}`, { recursive: true });
    writeFileSync(`${folder}/many/${number}/board.jsonl`, [begin({ learning_rate: rate, units: 2 ** (number % 7) }), ...steps.map((one) => epoch(rate * (1 + number / count), one)), end].map((one) => JSON.stringify(one) + "\n").join(""));
  }
  console.log(`${count} runs written in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await panel("Curves");
  const opened = Date.now();
  await tab.reload();
  await tab.getByRole("tab").first().waitFor();
  await until("all runs", async () => (await tab.locator("[role=list]").count()) && (await tab.getByText(`${(count + 3).toLocaleString("en")} of`).count()));
  await tab.waitForFunction(() => window.neurona.isIdle());
  console.log(`opened and drawn in ${((Date.now() - opened) / 1000).toFixed(1)} s`);
  await refreshes("standing still", () => tab.waitForTimeout(100));
  let turn = 0;
  await refreshes("pointer over the curves", async () => { await chart("loss").hover({ position: { x: 80 + (turn++ * 37) % 300, y: 60 + (turn * 13) % 120 } }); });
  await refreshes("the list scrolled", async () => { await tab.locator("[role=list]").evaluate((one) => one.scrollBy(0, 300)); await tab.waitForTimeout(16); });
  await refreshes("a run that trains", async () => { write("rate-2", epoch(0.001, 6 + turn++)); await tab.waitForTimeout(300); });
  await refreshes("smoothing", async () => { await tab.getByLabel("Smoothing").fill(String((turn++ % 90) / 100)); await tab.waitForTimeout(50); });
  const drawn = Date.now();
  await tab.getByLabel("Log scale").click();
  await tab.waitForFunction(() => window.neurona.isIdle());
  console.log(`all curves drawn anew in ${Date.now() - drawn} ms`);
  for (const name of ["Comparison", "Hyperparameters", "Curves"]) {
    const before = Date.now();
    await panel(name);
    await tab.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(window.neurona.isIdle())))));
    console.log(`${name} shown in ${Date.now() - before} ms`);
  }
}

try {
  await tab.goto(address);
  for (const part of [curves, compare, parallel, others, accessibility]) {
    await part();
    if (process.env.VERBOSE) console.log(part.name);
  }
  if (process.env.RUNS) await many(Number(process.env.RUNS));
  assert.deepEqual(problems, []);
  console.log("The page tells what the runs wrote; no accessibility violations.");
} catch (error) {
  console.error(problems);
  throw error;
} finally {
  await browser.close();
}
