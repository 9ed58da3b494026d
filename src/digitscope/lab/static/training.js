// What the server says of the training, into the state.
import { on, send } from "./connection.js";
import { change, state } from "./state.js";

const IDLE = { status: "idle", run: "", recipe: null, what: "", evaluated: null };
const MOST_LOSSES = 3000; // points of the curve; of more, every second goes

/** Whether a training is under way. */
export function active() {
  return !["idle", "ended"].includes(state.training.status);
}

/** Begin to listen. */
export function startTraining() {
  on("hello", () => {
    heard = false;
    wanted = state.run;
    setTimeout(watchAgain, 300);
  });
  on("training", (message) => {
    if (!heard && wanted && wanted !== message.run && ["idle", "ended"].includes(message.status)) send({ do: "watch", run: wanted });
    heard = true;
    const { events, ...told } = message;
    const story = events.reduce(withEvent, empty());
    const other = told.run !== state.training.run;
    change({
      ...story,
      training: { ...IDLE, ...told, ...story.training },
      run: told.run,
      ...(other ? { features: null, confusion: null } : {}),
    });
  });
  on("status", ({ said, ...told }) => {
    if (told.run === state.training.run) change({ training: { ...state.training, ...told } });
  });
  on("event", (event) => {
    const { training, history, losses, at, speed } = state;
    const story = withEvent({ training, history, losses, at, speed }, event);
    change({ ...story, losses: story.losses.length > MOST_LOSSES ? story.losses.filter((_, i) => i % 2) : story.losses });
  });
  on("weights", (message, buffer) => change({ features: { ...message, values: new Int8Array(buffer) } }));
  on("confusion", (message) => change({ confusion: message }));
}

let heard = false; // of a training, since the last hello
let wanted = ""; // the one that was shown before: one that has ended must not take its place

/** The training that was shown before, where the server was started anew and knows of none. */
function watchAgain() {
  if (!heard && wanted) send({ do: "watch", run: wanted });
}

function empty() {
  return { training: {}, history: [], losses: [], at: null, speed: null };
}

/** The story with one event more. */
function withEvent(story, event) {
  const { training, history, losses } = story;
  switch (event.event) {
    case "started": {
      const { epochs, batches, watched, engine } = event;
      return { ...story, training: { ...training, epochs, batches, watched, engine, reason: "" } };
    }
    case "advanced": {
      const { epoch, batch, loss, images, images_per_second: speed } = event;
      return { ...story, losses: [...losses, [epoch, batch, loss, images]], at: { epoch, batch }, speed: speed ?? story.speed };
    }
    case "epoch_ended":
      return { ...story, history: [...history, event], speed: event.images_per_second || story.speed };
    case "rate_changed":
      return { ...story, training: { ...training, rate: event.learning_rate } };
    case "stopped":
      return { ...story, training: { ...training, reason: event.reason } };
    default:
      return story;
  }
}
