// Pictures of a page open as large as the window when they are clicked, or Enter is pressed on them.
// On a phone they keep a size at which they can be read, and move under the finger.
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);

  function open(image) {
    const large = document.createElement("img");
    large.src = image.src;
    large.alt = image.alt;
    dialog.replaceChildren(large);
    dialog.showModal();
  }

  for (const image of document.querySelectorAll(".bd-article img")) {
    if (image.closest("a, .sphx-glr-thumbcontainer")) continue;
    image.classList.add("enlarge");
    image.tabIndex = 0;
    image.addEventListener("click", () => open(image));
    image.addEventListener("keydown", (event) => {
      if (event.key === "Enter") open(image);
    });
  }
});
