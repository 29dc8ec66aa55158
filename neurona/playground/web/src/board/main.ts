import { mount } from "svelte";
import "../app.css";
import Board from "./Board.svelte";
import { isIdle } from "./schedule";
import { follow } from "./store.svelte";

mount(Board, { target: document.getElementById("app")! });
follow();
Object.assign(window, { neurona: { isIdle } }); // for tests that wait for drawings
