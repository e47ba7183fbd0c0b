import { EquipierChat } from "./chat";

// A page may load the widget twice, by its own line and by ours.
if (!customElements.get("equipier-chat")) customElements.define("equipier-chat", EquipierChat);
