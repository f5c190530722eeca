// A page of work that still runs looks again for itself, but never while a person listens.

const again = () => {
  if (typeof heard === "undefined" || heard === null) location.reload();
  else setTimeout(again, 2000);
};
setTimeout(again, 1000 * Number(document.querySelector(".running").dataset.everyS));
