import { css } from "lit";

/** The look: that of the DSFR, whose greys and greens these are. Sizes follow the text, whatever the host's own is. */
export const sheet = css`
  :host {
    --rem: calc(max(1rem, 16px) * var(--scale, 1));
    --text: #161616;
    --mention: #666;
    --line: #ddd;
    --soft: #f6f6f6;
    --outline: #0a76f6;
    --ink: var(--accent-text, #000091);
    --fill: var(--accent, #000091);
    --radius: 0.25rem;
    color: var(--text);
    font-family: Marianne, system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif;
    font-size: var(--rem);
    line-height: 1.5;
    text-align: left;
  }
  :host([mode="page"]) {
    display: flex;
    flex-direction: column;
    block-size: 100%;
    min-block-size: min(44rem, 80vh);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--outline);
    outline-offset: 2px;
  }
  p,
  ul,
  dl,
  dd,
  h2,
  h3,
  figure,
  blockquote,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  button,
  textarea,
  input {
    font: inherit;
    color: inherit;
  }
  button {
    cursor: pointer;
  }
  .sr {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .icon {
    flex: none;
    inline-size: 1.25em;
    block-size: 1.25em;
    fill: currentColor;
    vertical-align: -0.25em;
  }
  .hint {
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
    line-height: 1.4;
  }
  .row {
    display: flex;
    align-items: center;
    gap: 0.5rem;
  }

  /* Buttons and links */
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    min-block-size: 2.5em;
    padding: 0.375em 1em;
    border: 1px solid var(--fill);
    border-radius: var(--radius);
    background: var(--fill);
    color: var(--on-accent, #fff);
    font-weight: 500;
    line-height: 1.4;
    text-decoration: none;
  }
  .button:hover {
    background: var(--accent-hover, #1212ff);
  }
  .button.plain {
    border-color: var(--ink);
    background: #fff;
    color: var(--ink);
  }
  .button.plain:hover {
    background: var(--soft);
  }
  .button.small {
    min-block-size: 2.25em;
    padding: 0.25em 0.75em;
    font-size: calc(var(--rem) * 0.875);
  }
  .tool {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.25rem;
    min-inline-size: 2em;
    min-block-size: 2em;
    padding: 0.25em;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--ink);
    font-size: calc(var(--rem) * 0.875);
  }
  .tool:hover {
    background: #eee;
  }
  .tool[aria-pressed="true"] {
    background: var(--accent-tint, #e3e3fd);
  }
  .tool.text {
    padding-inline: 0.5em;
    font-weight: 500;
  }
  .tool.big {
    flex: none;
    min-inline-size: 2.5rem;
    min-block-size: 2.5rem;
    font-size: var(--rem);
  }
  .link {
    color: var(--ink);
    text-decoration: underline;
    text-underline-offset: 0.2em;
    overflow-wrap: anywhere;
  }
  .link:hover {
    text-decoration-thickness: 2px;
  }
  .link .icon,
  .button .icon {
    margin-inline-start: 0.25em;
    inline-size: 1em;
    block-size: 1em;
    vertical-align: -0.125em;
  }
  .button .icon {
    margin: 0;
  }
  .strong {
    font-weight: 700;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.5rem 1rem;
  }
  .choice {
    display: flex;
    gap: 0.5rem;
    align-items: flex-start;
    padding-block: 0.25rem;
  }
  .choice input {
    flex: none;
    inline-size: 1.25em;
    block-size: 1.25em;
    margin: 0.125em 0 0;
    accent-color: var(--ink);
  }
  .choice .hint {
    display: block;
  }
  legend {
    padding: 0;
    font-weight: 700;
  }
  textarea {
    display: block;
    inline-size: 100%;
    padding: 0.5rem 0.75rem;
    border: 0;
    border-radius: var(--radius) var(--radius) 0 0;
    background: #eee;
    box-shadow: inset 0 -2px 0 #3a3a3a;
    resize: none;
  }
  textarea::placeholder {
    color: var(--mention);
    opacity: 1;
  }
  textarea[aria-invalid="true"] {
    box-shadow: inset 0 -2px 0 #ce0500;
  }

  /* Frame */
  .opener {
    position: fixed;
    inset-block-end: 1.5rem;
    inset-inline-end: 1.5rem;
    z-index: 2147483000;
    display: inline-flex;
    align-items: center;
    gap: 0.5rem;
    max-inline-size: calc(100vw - 3rem);
    min-block-size: 3rem;
    padding: 0.5rem 1.25rem;
    border: 1px solid #fff;
    border-radius: 1.5rem;
    background: var(--fill);
    color: var(--on-accent, #fff);
    font-weight: 700;
    box-shadow: 0 2px 8px rgb(0 0 18 / 0.32);
  }
  .opener:hover {
    background: var(--accent-hover, #1212ff);
  }
  .unread {
    position: absolute;
    inset-block-start: -0.5rem;
    inset-inline-end: -0.25rem;
    min-inline-size: 1.5rem;
    padding: 0 0.375rem;
    border: 1px solid #fff;
    border-radius: 0.75rem;
    background: #ce0500;
    color: #fff;
    font-size: calc(var(--rem) * 0.8125);
    line-height: 1.375rem;
    text-align: center;
  }
  .panel {
    position: fixed;
    inset: auto 1.5rem 1.5rem auto;
    z-index: 2147483000;
    inline-size: min(27rem, 100vw - 3rem);
    max-inline-size: none;
    block-size: min(46rem, 100dvh - 3rem);
    max-block-size: none;
    margin: 0;
    padding: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: #fff;
    color: inherit;
    box-shadow: 0 6px 24px rgb(0 0 18 / 0.24);
    overflow: hidden;
  }
  :host([position="left"]) .opener {
    inset-inline: 1.5rem auto;
  }
  :host([position="left"]) .panel {
    inset-inline: 1.5rem auto;
  }
  .page {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-block-size: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: #fff;
  }
  .chat {
    position: relative;
    display: flex;
    flex-direction: column;
    block-size: 100%;
    overflow: auto;
  }
  .page .chat {
    flex: 1;
    min-block-size: 0;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    padding: 0.5rem 0.5rem 0.5rem 1rem;
    border-block-end: 1px solid var(--line);
  }
  .panel .bar {
    border-block-start: 4px solid var(--fill);
  }
  .brand {
    flex: 1;
    min-inline-size: 0;
  }
  .brand h2 {
    font-size: calc(var(--rem) * 1.125);
    line-height: 1.3;
  }
  .brand p {
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
    line-height: 1.4;
    overflow-wrap: anywhere;
  }
  .menu {
    display: grid;
    gap: 1rem;
    padding: 1rem;
    border-block-end: 1px solid var(--line);
    background: var(--soft);
    font-size: calc(var(--rem) * 0.9375);
  }
  .sizes {
    display: flex;
    flex-wrap: wrap;
    gap: 0 1.25rem;
  }
  .page .menu {
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr));
  }
  .page .who {
    grid-column: 1 / -1;
  }
  .banner {
    display: flex;
    gap: 0.75rem;
    padding: 0.75rem 1rem;
    background: #ffe9e6;
    color: #b34000;
    font-size: calc(var(--rem) * 0.875);
    font-weight: 500;
  }
  .banner .actions {
    margin-block-start: 0.5rem;
  }
  .banner.error {
    color: #ce0500;
  }

  /* Messages */
  .log {
    position: relative;
    flex: 1 1 12rem;
    min-block-size: 12rem;
    overflow-y: auto;
    overscroll-behavior: contain;
    padding: 1rem;
    scrollbar-gutter: stable;
    scrollbar-width: thin;
  }
  .page .log {
    scrollbar-gutter: stable both-edges;
  }
  .log:focus-visible,
  .chat :is(.bar, .menu) + .log:focus-visible {
    outline-offset: -2px;
  }
  .page .log > * {
    max-inline-size: 52rem;
    margin-inline: auto;
  }
  .older {
    display: flex;
    margin: 0 auto 1rem;
  }
  .date {
    margin-block: 0.5rem 1rem;
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
    text-align: center;
  }
  article {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
    gap: 0.375rem;
    margin-block-end: 1.25rem;
  }
  article.me {
    align-items: flex-end;
  }
  article header {
    display: flex;
    flex-wrap: wrap;
    gap: 0 0.5rem;
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
  }
  article header strong {
    color: var(--text);
  }
  .content {
    display: grid;
    gap: 0.5rem;
    inline-size: 100%;
    justify-items: start;
  }
  .bubble {
    max-inline-size: min(100%, 40rem);
    padding: 0.625rem 0.875rem;
    border-radius: 0.5rem;
    border-start-start-radius: 0;
    background: var(--soft);
    overflow-wrap: anywhere;
  }
  .me .bubble {
    max-inline-size: min(88%, 36rem);
    border-radius: 0.5rem;
    border-start-end-radius: 0;
    background: var(--accent-tint, #e3e3fd);
  }
  .waiting .bubble {
    opacity: 0.85;
  }
  .failed .bubble {
    background: #fff;
    box-shadow: inset 0 0 0 1px #ce0500;
  }
  :is(.bubble, .card, blockquote) > * + :is(p, ul) {
    margin-block-start: 0.5rem;
  }
  ul {
    padding-inline-start: 1.25rem;
  }
  li + li {
    margin-block-start: 0.125rem;
  }

  /* Cards */
  .card {
    display: grid;
    gap: 0.75rem;
    inline-size: 100%;
    padding: 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: #fff;
    overflow-wrap: anywhere;
  }
  .card > * + * {
    margin-block-start: 0 !important;
  }
  .eyebrow {
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
    font-weight: 500;
  }
  .card h3 {
    margin-block-start: -0.5rem !important;
    color: var(--ink);
    font-size: calc(var(--rem) * 1.0625);
    line-height: 1.4;
  }
  h3.row {
    flex-wrap: wrap;
  }
  figure {
    padding-inline-start: 0.875rem;
    border-inline-start: 3px solid var(--ink);
  }
  figcaption {
    margin-block-end: 0.25rem;
    font-weight: 700;
  }
  figure .hint {
    margin-block-start: 0.375rem;
  }
  .fiches {
    display: grid;
    gap: 0.5rem;
    padding: 0;
    list-style: none;
  }
  .fiches .hint {
    display: block;
  }
  details {
    padding-block-start: 0.5rem;
    border-block-start: 1px solid var(--line);
  }
  summary {
    padding-block: 0.25rem;
    color: var(--ink);
    font-size: calc(var(--rem) * 0.875);
    font-weight: 500;
    cursor: pointer;
  }
  details .fiches {
    margin-block-start: 0.5rem;
  }
  dl {
    display: grid;
    gap: 0.125rem;
  }
  dt {
    color: var(--mention);
    font-size: calc(var(--rem) * 0.8125);
  }
  dd + dt {
    margin-block-start: 0.5rem;
  }
  .badge {
    padding: 0 0.5rem;
    border-radius: var(--radius);
    background: #eee;
    color: #3a3a3a;
    font-size: calc(var(--rem) * 0.75);
    font-weight: 700;
    line-height: 1.5rem;
    text-transform: uppercase;
  }
  .badge.active {
    background: #b8fec9;
    color: #18753c;
  }
  .badge:is(.expired, .revoked) {
    background: #ffe9e9;
    color: #ce0500;
  }
  .badge.draft {
    background: #e8edff;
    color: #0063cb;
  }
  .alert {
    display: flex;
    gap: 0.5rem;
    padding: 0.5rem 0.75rem;
    border-inline-start: 3px solid #b34000;
    background: #ffe9e6;
    color: #b34000;
    font-size: calc(var(--rem) * 0.875);
  }
  .alert.error {
    border-color: #ce0500;
    background: #ffe9e9;
    color: #ce0500;
  }

  /* What one may do of a message */
  .replies {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    inline-size: 100%;
    margin-block-start: 0.25rem;
  }
  .reply,
  .example {
    padding: 0.375em 0.875em;
    border: 1px solid var(--ink);
    border-radius: 1.25em;
    background: #fff;
    color: var(--ink);
    font-size: calc(var(--rem) * 0.9375);
    line-height: 1.4;
    text-align: start;
    overflow-wrap: anywhere;
  }
  .reply:hover,
  .example:hover {
    background: var(--accent-tint, #e3e3fd);
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.125rem;
    inline-size: 100%;
  }
  .gap {
    flex: 1;
  }
  .page .gap {
    flex: 0 1 1rem;
  }
  .said {
    color: #18753c;
  }
  .why {
    display: grid;
    gap: 0.75rem;
    inline-size: 100%;
    padding: 1rem;
    border-radius: var(--radius);
    background: var(--soft);
    font-size: calc(var(--rem) * 0.9375);
  }
  .why legend .hint {
    font-weight: 400;
  }
  .why textarea {
    margin-block-start: 0.25rem;
    background: #fff;
    resize: vertical;
  }
  .field .hint {
    display: block;
  }
  .welcome {
    display: grid;
    gap: 0.75rem;
    align-content: start;
    padding-block: 0.5rem 1rem;
  }
  .welcome > .icon {
    inline-size: 2.25rem;
    block-size: 2.25rem;
    color: var(--ink);
  }
  .hello {
    font-size: calc(var(--rem) * 1.125);
    font-weight: 700;
  }
  .welcome [role="group"] {
    display: grid;
    gap: 0.5rem;
    justify-items: start;
    margin-block-start: 0.5rem;
  }
  .typing {
    display: flex;
    align-items: center;
    gap: 0.25rem;
    color: var(--mention);
    font-size: calc(var(--rem) * 0.875);
  }
  .typing span {
    inline-size: 0.375rem;
    block-size: 0.375rem;
    border-radius: 50%;
    background: currentColor;
  }
  .typing span:nth-child(3) {
    margin-inline-end: 0.25rem;
  }
  .newest {
    position: absolute;
    inset-block-end: 7rem;
    inset-inline: 0;
    margin-inline: auto;
    inline-size: fit-content;
  }
  .notice {
    margin: 0;
    padding: 0.5rem 1rem;
    background: #3a3a3a;
    color: #fff;
    font-size: calc(var(--rem) * 0.875);
  }

  /* Writing, speaking */
  .composer {
    flex: none;
    padding: 0.75rem 1rem 0.5rem;
    border-block-start: 1px solid var(--line);
    background: #fff;
  }
  .composer > * {
    max-inline-size: 52rem;
    margin-inline: auto;
  }
  .composer .row {
    align-items: flex-end;
  }
  #draft {
    flex: 1;
    min-inline-size: 0;
    min-block-size: 2.5rem;
    max-block-size: 9.5rem;
    overflow-y: auto;
  }
  .send {
    flex: none;
    inline-size: 2.75rem;
    block-size: 2.5rem;
    min-block-size: 2.5rem;
    padding: 0;
  }
  .send .icon {
    inline-size: 1.25rem;
    block-size: 1.25rem;
  }
  .foot {
    display: flex;
    justify-content: space-between;
    gap: 0.5rem;
    padding-block-start: 0.375rem;
    font-size: calc(var(--rem) * 0.75);
  }
  .over {
    color: #ce0500;
    font-weight: 700;
  }
  .recording .row {
    flex-wrap: wrap;
    align-items: center;
  }
  .dot {
    inline-size: 0.75rem;
    block-size: 0.75rem;
    border-radius: 50%;
    background: #ce0500;
  }
  .timer {
    font-variant-numeric: tabular-nums;
    font-weight: 700;
  }
  .ends {
    display: flex;
    flex: 1 0 auto;
    flex-wrap: wrap;
    gap: 0.5rem;
    max-inline-size: 100%;
  }
  #stop {
    flex: 1;
  }
  .meter {
    flex: 1 1 6rem;
    block-size: 0.375rem;
    border-radius: 0.1875rem;
    background: #eee;
    overflow: hidden;
  }
  .meter span {
    display: block;
    block-size: 100%;
    background: #18753c;
    transform: scaleX(var(--level, 0));
    transform-origin: left;
  }

  @media (prefers-reduced-motion: no-preference) {
    .typing span {
      animation: beat 1.2s infinite;
    }
    .typing span:nth-child(2) {
      animation-delay: 0.2s;
    }
    .typing span:nth-child(3) {
      animation-delay: 0.4s;
    }
    .dot {
      animation: beat 1.2s infinite;
    }
    .meter span {
      transition: transform 0.1s linear;
    }
    @keyframes beat {
      50% {
        opacity: 0.3;
      }
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .meter {
      visibility: hidden;
    }
  }

  /* A phone, or a page zoomed in: the panel takes the whole of it, and scrolls as a whole if need be. */
  @media (max-width: 40rem), (max-height: 32rem) {
    .panel {
      inset: 0 !important;
      inline-size: 100%;
      block-size: 100%;
      border: 0;
      border-radius: 0;
    }
    .log {
      padding-inline: 0.75rem;
    }
    .composer {
      padding-inline: 0.75rem;
    }
  }
  @media (max-width: 40rem) {
    .page {
      border-inline: 0;
      border-radius: 0;
    }
  }

  @media (forced-colors: active) {
    .button,
    .tool,
    .bubble,
    .why,
    .menu,
    .banner,
    .alert,
    .badge,
    .unread,
    textarea {
      border: 1px solid ButtonBorder;
    }
    .tool[aria-pressed="true"] {
      border: 2px solid Highlight;
    }
    .dot,
    .typing span {
      background: CanvasText;
      forced-color-adjust: none;
    }
  }

  /* A page in which the panel is only a guest is printed without it; the page of the conversation, as it reads. */
  @media print {
    .opener,
    .panel,
    .composer,
    .tools,
    .replies,
    .older,
    .newest,
    .menu,
    .why,
    #menu-button,
    .banner,
    .notice {
      display: none !important;
    }
    :host([mode="page"]),
    .page,
    .chat,
    .log {
      display: block;
      block-size: auto;
      min-block-size: 0;
      border: 0;
      overflow: visible;
    }
    article,
    .card {
      break-inside: avoid;
    }
    .link::after {
      content: " (" attr(href) ")";
      font-size: 0.8em;
    }
  }
`;
