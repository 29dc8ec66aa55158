import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { connect } from "./session.svelte";

mount(App, { target: document.getElementById("app")! });
connect();
