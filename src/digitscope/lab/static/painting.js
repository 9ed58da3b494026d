// Painting: what waits for the screen's next frame, or until that frame has been painted.

/** Act once the next frame has been painted, and all that is to be shown in it is shown. */
export function afterPainting(act) {
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = act;
    port1.postMessage(null);
  });
}
