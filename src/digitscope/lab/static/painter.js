// The painter: a worker that paints the network, so that the pen and its answer do not wait for it.
import { useColours } from "./colours.js";
import { paintScene } from "./scene.js";

let paper = null; // the page's canvas
let scene = null; // what is to be seen
let waiting = false;

self.onmessage = ({ data }) => {
  if (data.paper) paper = data.paper;
  else if (data.colours) useColours(data.colours);
  else scene = data;
  if (!scene || waiting) return;
  waiting = true; // of many scenes before the screen's next frame the last is painted
  requestAnimationFrame(paint);
};

function paint() {
  waiting = false;
  const [width, height] = [scene.width, scene.height].map((side) => Math.round(side * scene.ratio));
  const context = paper.getContext("2d");
  if (paper.width !== width || paper.height !== height) Object.assign(paper, { width, height });
  else {
    context.resetTransform();
    context.clearRect(0, 0, width, height);
  }
  paintScene(context, scene);
}
