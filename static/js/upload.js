// The upload page of an event: many files at once, on top of the form that takes one.
//
// Every file is read once before it is sent, for its SHA-256; what the server has already is not
// sent. That is also how a page that was closed in the middle goes on: add the same folder again.

const PARALLEL = 4;
const CLAIMS_AT_ONCE = 50;
const RETRIES = 9;
const LONGEST_WAIT_SECONDS = 60;
const POLL_MS = 2000;
const SYSTEM_FILES = new Set(["thumbs.db", "desktop.ini"]);
// The answers that say that this file will never be taken; all others may end well another time.
const REFUSALS = new Set([400, 404, 411, 413, 415]);

const page = document.querySelector("[data-upload]");
if (page) start(page);

async function start(page) {
  const texts = JSON.parse(document.getElementById("upload-texts").textContent);
  const form = page.querySelector("[data-upload-form]");
  const server = connect(page, form);
  const report = makeReport(page);
  const processing = watchProcessing(page, server, texts);
  const { Uppy, Dashboard, XHRUpload } = await import(page.dataset.uppy);
  const { localePack } = page.dataset;
  const locale = localePack ? (await import(localePack)).default : undefined;

  const uppy = new Uppy({
    locale,
    meta: { chapter: "", sha256: "" },
    restrictions: { maxFileSize: Number(page.dataset.limitBytes) },
    onBeforeFileAdded: (file) => !isSystemFile(file.name),
  });
  showDashboard(uppy, Dashboard, page, texts);
  uppy.use(XHRUpload, howToSend(uppy, server, texts));
  chooseChapter(uppy, form);
  examineWhatIsAdded(uppy, server, report, texts);
  tellWhatHappens(uppy, report, processing, texts);
  warnBeforeLeaving(uppy);
}

// What is said to the server.

function connect(page, form) {
  // The cookie first: whoever logged in again in another tab has another token since.
  const token = () =>
    document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ??
    form.elements.csrfmiddlewaretoken.value;
  const headers = () => ({ Accept: "application/json", "X-CSRFToken": token() });
  async function ask(url, { type, ...options } = {}) {
    const kind = type && { "Content-Type": type };
    const response = await fetch(url, { ...options, headers: { ...headers(), ...kind } });
    if (!response.ok || response.redirected) throw new Error(`${response.status} ${url}`);
    return response.json();
  }
  const { progress, known } = page.dataset;
  return {
    headers,
    upload: location.pathname,
    progress: () => ask(progress),
    retry: (url) => ask(url, { method: "POST" }),
    known: (claims) =>
      ask(known, { method: "POST", body: JSON.stringify(claims), type: "application/json" }),
  };
}

function howToSend(uppy, server, texts) {
  const fileOf = new WeakMap();
  const secondsToWait = new Map();
  return {
    endpoint: server.upload,
    headers: server.headers,
    fieldName: "file",
    allowedMetaFields: ["chapter", "sha256"],
    limit: PARALLEL,
    retries: RETRIES,
    timeout: 60_000,
    shouldRetry: (xhr) => mayPass(xhr.status),
    getResponseData: (xhr) => JSON.parse(xhr.responseText),
    // Uppy doubles its own pause, from 0.15 s; a time that the server names is added to it.
    async onBeforeRequest(xhr, attempt, [file]) {
      fileOf.set(xhr, file.id);
      if (attempt === 0) return;
      await pause(secondsToWait.get(file.id) ?? 0);
      if (!navigator.onLine) await new Promise((go) => addEventListener("online", go, { once: true }));
      // A file that was taken off the list while it waited must not be sent after all.
      if (!uppy.getFile(file.id)) await new Promise(() => {});
    },
    onAfterResponse(xhr) {
      const wait = Number(xhr.getResponseHeader("Retry-After")) || 0;
      secondsToWait.set(fileOf.get(xhr), Math.min(wait, LONGEST_WAIT_SECONDS));
      const reason = reasonOf(xhr, server, texts);
      if (reason) throw Object.assign(new Error(reason), { isRefusal: REFUSALS.has(xhr.status) });
    },
  };
}

function mayPass(status) {
  return status === 0 || status === 429 || (status >= 500 && status !== 507);
}

function reasonOf(xhr, server, texts) {
  // Whoever is logged out is led to the log-in page, which answers 200.
  if (xhr.responseURL && new URL(xhr.responseURL).pathname !== server.upload) return texts.signedOut;
  if (xhr.status < 400) return "";
  if (xhr.status === 403) return texts.reload;
  try {
    return JSON.parse(xhr.responseText).error.message;
  } catch {
    return texts.failed;
  }
}

// What is seen.

function showDashboard(uppy, Dashboard, page, texts) {
  const target = page.querySelector("[data-upload-dashboard]");
  uppy.use(Dashboard, {
    target,
    inline: true,
    width: "100%",
    height: 480,
    theme: document.documentElement.dataset.theme ?? "auto",
    fileManagerSelectionType: "both",
    proudlyDisplayPoweredByUppy: false,
    doneButtonHandler: () => uppy.clear(),
    // Uppy's own Indonesian has no word for folders.
    locale: {
      strings: {
        dashboardTitle: texts.dashboard,
        dropPasteBoth: texts.drop,
        dropPasteFiles: texts.dropFiles,
        browseFiles: texts.files,
        browseFolders: texts.folder,
      },
    },
  });
  page.querySelector("[data-upload-plain]").hidden = true;
  target.hidden = false;
}

function chooseChapter(uppy, form) {
  const { chapter } = form.elements;
  if (!chapter) return;
  const take = () => uppy.setMeta({ chapter: chapter.value });
  chapter.addEventListener("change", take);
  take();
}

function makeReport(page) {
  const section = page.querySelector("[data-upload-report]");
  const reasons = page.querySelector("[data-upload-refused]");
  const trouble = page.querySelector("[data-upload-trouble]");
  function count(what) {
    section.hidden = false;
    const shown = page.querySelector(`[data-upload-count="${what}"]`);
    shown.textContent = Number(shown.textContent) + 1;
  }
  return {
    uploaded: () => count("uploaded"),
    known: () => count("known"),
    refused(name, reason) {
      count("refused");
      reasons.append(lineOf(name, reason));
    },
    trouble(reason) {
      trouble.textContent = reason;
      trouble.hidden = !reason;
    },
  };
}

function lineOf(name, reason) {
  const line = document.createElement("li");
  const label = document.createElement("strong");
  label.textContent = name;
  line.append(label, reason);
  return line;
}

function tellWhatHappens(uppy, report, processing, texts) {
  uppy.on("upload", () => report.trouble(""));
  uppy.on("upload-success", (file, { body }) => {
    if (body.duplicate) report.known();
    else report.uploaded();
    processing.look();
  });
  uppy.on("upload-error", (file, error) => {
    // One file that failed does not turn the whole list red while the others are on their way.
    uppy.setState({ error: null });
    if (!uppy.getFile(file.id)) return;
    if (error.isRefusal) {
      report.refused(file.name, error.message);
      uppy.removeFile(file.id);
      return;
    }
    const reason = error.isNetworkError ? texts.network : error.message;
    uppy.setFileState(file.id, { error: reason });
    report.trouble(reason);
  });
  uppy.on("restriction-failed", (file, error) => {
    if (!file || isSystemFile(file.name)) return;
    const isTooLarge = file.size > uppy.opts.restrictions.maxFileSize;
    report.refused(file.name, isTooLarge ? texts.tooLarge : error.message);
  });
  uppy.on("complete", () => {
    if (uppy.getFiles().some((file) => file.error)) uppy.setState({ error: texts.failed });
  });
}

function warnBeforeLeaving(uppy) {
  addEventListener("beforeunload", (event) => {
    if (Object.keys(uppy.getState().currentUploads).length) event.preventDefault();
  });
}

// What is found out about a file before it is sent.

function examineWhatIsAdded(uppy, server, report, texts) {
  let examining = Promise.resolve();
  const show = (id, value) =>
    uppy.emit("preprocess-progress", uppy.getFile(id), {
      mode: "determinate",
      message: texts.checking,
      value,
    });
  uppy.on("files-added", (files) => {
    examining = examining.then(() => examineAll(uppy, server, report, texts, files));
  });
  uppy.on("file-examined", (id) => uppy.getFile(id)?.progress.preprocess && show(id, 1));
  uppy.addPreProcessor(async (ids) => {
    for (const id of ids) if (uppy.getFile(id)) show(id, uppy.getFile(id).meta.sha256 ? 1 : 0);
    await examining;
    for (const id of ids) if (uppy.getFile(id)) uppy.emit("preprocess-complete", uppy.getFile(id));
  });
}

async function examineAll(uppy, server, report, texts, files) {
  for (let first = 0; first < files.length; first += CLAIMS_AT_ONCE) {
    const photos = [];
    for (const { id } of files.slice(first, first + CLAIMS_AT_ONCE)) {
      const photo = await examine(uppy, report, texts, id);
      if (photo) photos.push(photo);
      uppy.emit("file-examined", id);
    }
    await markKnown(uppy, server, photos);
  }
}

async function examine(uppy, report, texts, id) {
  const file = uppy.getFile(id);
  if (!file) return null;
  let sha256;
  try {
    sha256 = (await looksLikePhoto(file.data)) ? await sha256Of(file.data) : null;
  } catch (error) {
    return refuse(uppy, report, id, error.message);
  }
  if (sha256 === null) return refuse(uppy, report, id, texts.unsupported);
  if (!uppy.getFile(id)) return null;
  uppy.setFileMeta(id, { sha256 });
  return { id, name: file.name, size: file.size, sha256 };
}

function refuse(uppy, report, id, reason) {
  const file = uppy.getFile(id);
  if (!file) return null;
  report.refused(file.name, reason);
  uppy.removeFile(id);
  return null;
}

async function markKnown(uppy, server, photos) {
  if (!photos.length) return;
  let known;
  try {
    known = (await server.known(photos.map(({ name, size, sha256 }) => ({ name, size, sha256 })))).known;
  } catch {
    return; // Then they are sent, and the server finds out by itself.
  }
  const answers = new Map(known.map((answer) => [keyOf(answer), answer]));
  for (const photo of photos) {
    const answer = answers.get(keyOf(photo));
    const file = answer && uppy.getFile(photo.id);
    if (!file || file.progress.uploadStarted) continue;
    uppy.emit("upload-start", [file]);
    uppy.emit("upload-success", uppy.getFile(photo.id), {
      status: 200,
      body: { ...answer, duplicate: true },
    });
  }
}

function keyOf({ name, size, sha256 }) {
  return sha256 || JSON.stringify([name, size]);
}

function isSystemFile(name) {
  return name.startsWith(".") || SYSTEM_FILES.has(name.toLowerCase());
}

// Raw files of the camera lie beside the JPEGs; they are large, and the server does not take them.
async function looksLikePhoto(blob) {
  const bytes = new Uint8Array(await blob.slice(0, 12).arrayBuffer());
  const start = String.fromCharCode(...bytes);
  const isRaw = start.slice(4) === "ftypcrx ";
  return (
    start.startsWith("\xff\xd8\xff") ||
    start.startsWith("\x89PNG") ||
    (start.startsWith("RIFF") && start.slice(8) === "WEBP") ||
    (start.slice(4, 8) === "ftyp" && !isRaw)
  );
}

// Browsers hash only where the page came safely; elsewhere the server goes by name and size.
async function sha256Of(blob) {
  if (!globalThis.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What becomes of the photos afterwards.

function watchProcessing(page, server, texts) {
  const section = page.querySelector("[data-upload-processing]");
  const bar = section.querySelector("progress");
  const state = section.querySelector("[data-upload-state]");
  const list = section.querySelector("[data-upload-failures]");
  let timer = 0;

  async function look() {
    timer = 0;
    let counts;
    try {
      counts = await server.progress();
    } catch {
      later();
      return;
    }
    show(counts);
    if (counts.waiting) later();
  }
  function later() {
    timer ||= setTimeout(look, POLL_MS);
  }
  function show({ ready, waiting, failed, failures }) {
    const all = ready + waiting + failed;
    section.hidden = !all;
    bar.max = all || 1;
    bar.value = ready + failed;
    const text = waiting || failed ? texts.working : texts.allReady;
    state.textContent = fill(text, { ready, waiting, failed });
    list.replaceChildren(...failures.map(failureLine));
  }
  function failureLine({ name, error, retry }) {
    const line = lineOf(name, error);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = texts.retry;
    button.addEventListener("click", async () => {
      button.disabled = true;
      await server.retry(retry).catch(() => {});
      later();
    });
    line.append(button);
    return line;
  }

  look();
  return { look: later };
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
