import { mount } from "svelte";
import "../app.css";
import Board from "./Board.svelte";
import { follow } from "./store.svelte";

mount(Board, { target: document.getElementById("app")! });
follow();
