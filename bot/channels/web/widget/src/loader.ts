/**
 * The one line that another site adds to its pages:
 *
 *     <script type="module" src="https://equipier.exemple.fr/widget.js" data-accent="#000091"></script>
 *
 * It stays the same from version to version, and brings the widget of the day, closed, in a corner of the page.
 */

const NAMES = ["title", "accent", "position", "open", "jwt", "greeting", "suggestions", "mode"];

const here = import.meta.url;
const script = [...document.querySelectorAll<HTMLScriptElement>("script[src]")].find((one) => one.src === here);

const element = document.createElement("equipier-chat");
element.setAttribute("server", new URL(script?.dataset.server ?? ".", here).href);
for (const name of NAMES) {
  const value = script?.dataset[name];
  if (value !== undefined) element.setAttribute(name, value);
}

// A module runs once the page is read, but may be added to one that is not.
if (document.body) document.body.append(element);
else addEventListener("DOMContentLoaded", () => document.body.append(element));

await import(/* @vite-ignore */ new URL(`static/widget/${import.meta.env.VITE_VERSION}/equipier-chat.js`, here).href);
export {};
