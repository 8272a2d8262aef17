"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const element = (id) => document.getElementById(id);
const SCALE = ["5 · the same voice", "4 · slightly different", "3 · different, but alike", "2 · clearly different", "1 · another voice"];
let rater = 0;
let answers = [];

const place = () => `voicegrid ${content.test} ${rater}`;
const trials = () => content.raters[(rater - 1) % content.raters.length];

function stored() {
  try { return JSON.parse(localStorage.getItem(place())) || []; } catch (error) { return []; }
}

function keep() {
  try { localStorage.setItem(place(), JSON.stringify(answers)); } catch (error) { /* then it can't be resumed */ }
}

function begin() {
  const number = Number(element("rater").value);
  if (!Number.isInteger(number) || number < 1) {
    element("problem").textContent = "Type the number that you were given, 1 or more.";
    return;
  }
  rater = number;
  answers = stored();
  element("start").hidden = true;
  show();
}

function player(name, source, ready) {
  const box = document.createElement("div");
  const label = document.createElement("p");
  const audio = document.createElement("audio");
  label.textContent = name;
  audio.controls = true;
  audio.src = source;
  audio.setAttribute("aria-label", name);
  audio.addEventListener("ended", ready);
  box.append(label, audio);
  return box;
}

function show() {
  const trial = trials()[answers.length];
  if (trial === undefined) { finish(); return; }
  const sentence = content.sentences[trial.sentence];
  const pair = trial.sounds.length === 2;
  element("trial").hidden = false;
  element("progress").textContent = `${answers.length + 1} of ${trials().length}`;
  element("question").textContent = pair ? "Which do you prefer?" : "How alike are the two voices?";
  element("sentence").textContent = sentence.text ? `“${sentence.text}”` : "";
  element("keys").textContent = pair
    ? "Keys: space plays what is next, a or b chooses." : "Keys: space plays what is next, 1 to 5 chooses.";
  const heard = new Set();
  const names = pair ? ["A", "B"] : ["The recording", "The synthesis"];
  const sources = pair ? trial.sounds.map((n) => content.sounds[n]) : [sentence.recording, content.sounds[trial.sounds[0]]];
  const ready = (number) => () => {
    heard.add(number);
    for (const button of element("choices").children) { button.disabled = heard.size < 2; }
  };
  element("players").replaceChildren(...sources.map((source, number) => player(names[number], source, ready(number))));
  const choices = pair ? ["A is better", "B is better"] : SCALE;
  element("choices").replaceChildren(...choices.map((text, number) => {
    const button = document.createElement("button");
    button.textContent = text;
    button.disabled = true;
    button.addEventListener("click", () => answer(pair ? trial.sounds[number] : 5 - number));
    return button;
  }));
}

function answer(value) {
  const trial = trials()[answers.length];
  answers.push({ sounds: trial.sounds, sentence: trial.sentence, repeats: trial.repeats, answer: value });
  keep();
  show();
}

function finish() {
  element("trial").hidden = true;
  element("end").hidden = false;
  const file = JSON.stringify({ test: content.test, rater: rater, answers: answers }, null, 1);
  const link = element("save");
  link.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
  link.download = `answers-${rater}.json`;
}

function play() {
  const audios = [...document.querySelectorAll("#players audio")];
  const next = audios.find((audio) => !audio.ended) || audios[0];
  for (const audio of audios) { if (audio !== next) { audio.pause(); } }
  next.play();
}

function press(event) {
  if (element("trial").hidden || event.ctrlKey || event.metaKey || event.altKey) { return; }
  if (event.key === " ") { event.preventDefault(); play(); return; }
  const buttons = [...element("choices").children];
  const number = buttons.length === 2 ? "ab".indexOf(event.key.toLowerCase()) : 5 - Number(event.key);
  if (buttons[number] !== undefined && !buttons[number].disabled) { buttons[number].click(); }
}

element("begin").addEventListener("click", begin);
element("rater").addEventListener("keydown", (event) => { if (event.key === "Enter") { begin(); } });
document.addEventListener("keydown", press);
