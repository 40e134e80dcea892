// Pictures of a page open in their own size when they are clicked.
document.addEventListener("DOMContentLoaded", () => {
  for (const image of document.querySelectorAll(".bd-article img")) {
    if (image.closest("a, .sphx-glr-thumbcontainer")) continue;
    image.classList.add("enlarge");
    image.addEventListener("click", () => window.open(image.src, "_blank"));
  }
});
