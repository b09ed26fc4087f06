// Lets a gallery open again where there is no network: pages from the network first, small pictures
// from what is kept. It acts on the pages below /e/ and on what they load, never on what is sent or
// downloaded, and forgets a gallery as soon as its reader is refused there.
//
// The server writes one line in front of this file:
// const SETUP = { version, shell: [addresses], offline: { language: address }, bucket };

const FORMAT = "gallery-1"; // of what is kept; another format begins anew
const SHELL = `shell-${SETUP.version}`;
const MOST_ENTRIES = 300; // of one event, pages and pictures together
const MOST_PAGES = 60;
const KEPT_MILLISECONDS = 7 * 24 * 3600 * 1000;
const PATIENCE_MILLISECONDS = 4000; // for a network that is there and says nothing
const WRITE_AFTER_MILLISECONDS = 300;
const ASK_AGAIN_MILLISECONDS = 30_000; // as often as an open gallery asks by itself

// Names inside our caches, not addresses of the site.
const LEDGER = "/kept/ledger";
const ORDER = "/kept/order";
const LANGUAGE = "/kept/language";
const RETIRED = "/kept/retired";

const PAGE = /^\/e\/([-\w]+)\/(?:photos\/([0-9a-f-]{36})\/|(new)\/)?$/;
const GATE = /^\/e\/[-\w]+\/enter\/$/;
const ASIDE = /^\/e\/[-\w]+\/(?:guestbook|guestbook\/keepsake|slideshow)\/$/; // never kept
const DOWNLOAD = /^\/e\/[-\w]+\/(?:photos\/[^/]+\/)?download\//;
const GALLERY = /^\/e\/([-\w]+)\//;
const PICTURE = /\/([0-9a-f]{32})\/([0-9a-f]{32})\/(\d+)\/([a-z]+\d*)\.(?:webp|jpg)$/;
const PICTURES = /\/[0-9a-f]{32}\/([0-9a-f]{32})\/(\d+)\/[a-z]+\d*\.(?:webp|jpg)/g;
const LISTED = /data-photo-id="([0-9a-f-]{36})"/g;
const NEXT_PAGE = /<a[^>]*rel="next"[^>]*>/;
const CURSOR = /[?&;]cursor=([-\w]+)/;
const HASHED = /\.[0-9a-f]{12}\.\w+$/;
const SMALL = ["w800", "w400"]; // the larger one stands in for the other sizes of a photo
const OUTAGE = [502, 503, 504];
const NOTHING = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"; // a clear pixel

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const hex = (id) => id.replaceAll("-", "");

// What is kept of one event. Its cache is written in turns; the ledger of when each entry was kept
// and last used is in memory, and written after each burst.
class Book {
  constructor(slug) {
    this.name = `${FORMAT}-${slug}`;
    this.age = 0; // grows when all is forgotten: what was asked for before must not be kept after
    this.entries = new Map();
    this.lines = new Map(); // of each list its photos in order, as far as pages told of them
    this.asked = 0; // when it was last asked whether its reader is still let in
    this.turn = Promise.resolve();
  }

  inTurn(act) {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {});
    return done;
  }

  open() {
    this.opening ??= this.inTurn(async () => {
      if (!(await caches.has(this.name))) {
        return;
      }
      const cache = await caches.open(this.name);
      const ledger = await cache.match(LEDGER);
      this.entries = new Map(await ledger?.json().catch(() => []));
      const order = await cache.match(ORDER);
      this.lines = new Map(await order?.json().catch(() => []));
      // The worker was stopped before it had written of these.
      for (const request of await cache.keys()) {
        const { pathname, search } = new URL(request.url);
        const isKnown = [LEDGER, ORDER].includes(pathname) || this.entries.has(pathname + search);
        if (!isKnown) {
          await cache.delete(request);
        }
      }
    });
    return this.opening;
  }

  async sweep() {
    await this.open();
    await this.inTurn(async () => this.trim(await caches.open(this.name)));
    await this.write();
  }

  async has(key) {
    await this.open();
    const entry = this.entries.get(key);
    return entry !== undefined && Date.now() - entry.kept < KEPT_MILLISECONDS;
  }

  async read(key) {
    if (!(await this.has(key))) {
      return undefined;
    }
    const entry = this.entries.get(key);
    entry.used = Date.now();
    const cache = await caches.open(this.name);
    return cache.match(key, { ignoreVary: true });
  }

  async readPage(key) {
    const kept = await this.read(key);
    if (!kept) {
      return undefined;
    }
    const time = new Date(this.entries.get(key).kept).toISOString();
    const text = (await kept.text()).replace("<html", `<html data-kept="${time}"`);
    return new Response(text, { headers: kept.headers });
  }

  async readOtherSize(picture) {
    await this.open();
    const names = [...this.entries.keys()].filter((key) => key.startsWith(picture.folder));
    const found = SMALL.map((kind) => names.find((name) => name.endsWith(`/${kind}`)));
    const name = found.find((other) => other !== undefined);
    return name && this.read(name);
  }

  async keepPage(page, answer, age) {
    await this.open();
    const text = await answer.text();
    await this.inTurn(async () => {
      if (age !== this.age) {
        return;
      }
      const cache = await caches.open(this.name);
      await this.put(cache, page.key, new Response(text, { headers: plainHeaders(answer) }));
      await this.dropOldDrawings(cache, text);
      if (page.isList) {
        await this.compare(cache, page, text);
      }
      await this.trim(cache);
    });
    await remember(text.match(/<html lang="([a-z]{2})"/)?.[1]);
    await this.write();
  }

  // Several photos that go at once move the pages after them to other addresses: a fresh page is
  // compared with the whole list as it was known, not with the page that it takes the place of.
  async compare(cache, page, text) {
    const line = this.lines.get(page.list) ?? [];
    const fresh = readList(page.key, text);
    const gone = photosGone(line, fresh);
    await this.dropPhotos(cache, gone, page.key);
    this.lines.set(page.list, lineWith(line, fresh, gone));
    await cache.put(ORDER, Response.json([...this.lines])).catch(() => {});
  }

  async keepPicture(picture, answer, age) {
    await this.open();
    await this.inTurn(async () => {
      if (age === this.age) {
        const cache = await caches.open(this.name);
        await this.put(cache, picture.key, answer);
        await this.trim(cache);
      }
    });
    await this.write();
  }

  async put(cache, key, answer) {
    const now = Date.now();
    try {
      await cache.put(key, answer);
    } catch (error) {
      if (error.name !== "QuotaExceededError") {
        throw error;
      }
      // The phone is full: half of the pictures go, and this one is not kept.
      const pictures = this.oldestFirst().filter(isPicture);
      await this.drop(cache, pictures.slice(0, Math.ceil(pictures.length / 2)));
      return;
    }
    this.entries.set(key, { kept: now, used: now });
  }

  oldestFirst() {
    const keys = [...this.entries.keys()];
    return keys.sort((one, other) => this.entries.get(one).used - this.entries.get(other).used);
  }

  async drop(cache, keys) {
    for (const key of keys) {
      this.entries.delete(key);
      await cache.delete(key, { ignoreVary: true });
    }
  }

  async trim(cache) {
    const limit = Date.now() - KEPT_MILLISECONDS;
    await this.drop(cache, [...this.entries.keys()].filter((k) => this.entries.get(k).kept <= limit));
    const pages = this.oldestFirst().filter((key) => !isPicture(key));
    await this.drop(cache, pages.slice(0, Math.max(0, pages.length - MOST_PAGES)));
    // Without its page a picture is of no use: the pictures go first.
    const surplus = Math.max(0, this.entries.size - MOST_ENTRIES);
    await this.drop(cache, this.oldestFirst().filter(isPicture).slice(0, surplus));
  }

  // A picture that was drawn anew (a watermark, a turn) has a higher generation.
  async dropOldDrawings(cache, text) {
    const present = new Map([...text.matchAll(PICTURES)].map((found) => [found[1], found[2]]));
    const old = [...this.entries.keys()].filter((key) => {
      const [, , , photo, generation] = key.split("/");
      return isPicture(key) && present.has(photo) && present.get(photo) !== generation;
    });
    await this.drop(cache, old);
  }

  // A photo that is gone leaves no picture behind, and no other page that shows it.
  async dropPhotos(cache, ids, except) {
    const names = new Set(ids.map(hex));
    const doomed = [];
    for (const key of names.size ? this.entries.keys() : []) {
      if (isPicture(key)) {
        doomed.push(...(names.has(key.split("/")[3]) ? [key] : []));
      } else if (key !== except) {
        const text = await textOf(cache, key);
        doomed.push(...(ids.some((id) => text.includes(id)) ? [key] : []));
      }
    }
    await this.drop(cache, doomed);
  }

  async forgetPhoto(id) {
    await this.open();
    await this.inTurn(async () => {
      if (this.entries.size) {
        await this.dropPhotos(await caches.open(this.name), [id], "");
      }
    });
    await this.write();
  }

  async forgetPage(key) {
    await this.open();
    await this.inTurn(async () => {
      if (this.entries.has(key)) {
        await this.drop(await caches.open(this.name), [key]);
      }
    });
    await this.write();
  }

  forget() {
    this.age += 1;
    this.entries.clear();
    return this.inTurn(async () => {
      this.entries.clear();
      this.lines.clear();
      await caches.delete(this.name);
    });
  }

  write() {
    this.writing ??= sleep(WRITE_AFTER_MILLISECONDS).then(() => {
      this.writing = null;
      return this.inTurn(async () => {
        if (!this.entries.size) {
          this.lines.clear();
          await caches.delete(this.name);
          return;
        }
        const cache = await caches.open(this.name);
        await cache.put(LEDGER, Response.json([...this.entries])).catch(() => {});
      });
    });
    return this.writing;
  }
}

const books = new Map();

function bookOf(slug) {
  if (!books.has(slug)) {
    books.set(slug, new Book(slug));
  }
  return books.get(slug);
}

function isPicture(key) {
  return key.startsWith("/kept/");
}

async function textOf(cache, key) {
  const kept = await cache.match(key, { ignoreVary: true });
  return kept ? kept.text() : "";
}

// The page's own rules (its content policy above all) hold for what is kept of it too.
function plainHeaders(answer) {
  const headers = new Headers(answer.headers);
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  return headers;
}

// --- the order of a list -----------------------------------------------------------------------

// What a page of a list tells: its photos in order, and between which places they are all there is.
function readList(key, text) {
  return {
    ids: [...text.matchAll(LISTED)].map((found) => found[1]),
    isFirst: !CURSOR.test(key),
    isLast: !text.includes("data-more"),
    after: placeIn(key),
    end: placeIn(text.match(NEXT_PAGE)?.[0]),
  };
}

// A cursor is the place of the photo before it, as hafiportrait/lib/keyset.py writes it: what the
// list is ordered by, and last the photo's id. Without it less is known, but nothing wrong.
function placeIn(address) {
  const cursor = address?.match(CURSOR)?.[1] ?? "";
  try {
    const place = JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/")));
    return Array.isArray(place) ? place : undefined;
  } catch {
    return undefined;
  }
}

function isUpTo(place, end) {
  const differs = place.findIndex((value, at) => value !== end[at]);
  return differs < 0 || place[differs] < end[differs];
}

function isBefore(photo, fresh) {
  return hex(photo.id) === fresh.after?.at(-1);
}

// A photo is gone where the fresh page shows those around it, in the same order, without it. What
// stood behind the page's last photo may have been pushed to the next page, whose turn it is then.
// A list in another order leaves doubt: a photo that is dropped wrongly comes again with its page.
function photosGone(line, fresh) {
  const shown = new Map(fresh.ids.map((id, at) => [id, at]));
  const gone = [];
  let missing = [];
  let last = fresh.isFirst ? -1 : NaN; // where the page shows the one before; NaN: not at all
  for (const photo of line) {
    const at = isBefore(photo, fresh) ? -1 : shown.get(photo.id);
    if (at === undefined) {
      missing.push(photo);
    } else {
      gone.push(...(last < at ? missing : []));
      missing = [];
      last = at;
    }
  }
  const within = ({ place }) => fresh.isLast || (place && fresh.end && isUpTo(place, fresh.end));
  gone.push(...(last >= -1 ? missing.slice(0, missing.findLastIndex(within) + 1) : []));
  return gone.map((photo) => photo.id);
}

// The photos of the fresh page stand together where it begins, the others around them as before.
function lineWith(line, fresh, gone) {
  const moved = new Set([...fresh.ids, ...gone]);
  const before = line.findIndex((photo) => isBefore(photo, fresh));
  const known = line.findIndex((photo) => moved.has(photo.id));
  const start = fresh.isFirst ? 0 : before >= 0 ? before + 1 : known >= 0 ? known : line.length;
  const stays = (photo) => !moved.has(photo.id);
  const photos = fresh.ids.map((id) => ({ id }));
  if (photos.length) {
    photos.at(-1).place = fresh.end;
  }
  return [...line.slice(0, start).filter(stays), ...photos, ...line.slice(start).filter(stays)];
}

// --- what an address is ------------------------------------------------------------------------

function pageAt(url) {
  const found = url.origin === location.origin && url.pathname.match(PAGE);
  if (!found) {
    return null;
  }
  const show = url.searchParams.get("show");
  return {
    slug: found[1],
    photo: found[2],
    key: url.pathname + url.search,
    isGallery: !found[2] && !found[3] && !url.search,
    isKept: !found[3] && show !== "new",
    // What is liked, by oneself or by many, leaves these lists without being gone.
    isList: !found[2] && !found[3] && !show,
    list: url.searchParams.get("chapter") ?? "",
  };
}

function pictureAt(url) {
  const isOurs = url.origin === location.origin && url.pathname.startsWith("/media/");
  const isInBucket = SETUP.bucket && url.href.startsWith(SETUP.bucket);
  const found = (isOurs || isInBucket) && url.pathname.match(PICTURE);
  if (!found) {
    return null;
  }
  const [, event, photo, generation, kind] = found;
  const folder = `/kept/${event}/${photo}/${generation}`;
  return { folder, key: `${folder}/${kind}`, isSmall: SMALL.includes(kind) };
}

// --- answers -----------------------------------------------------------------------------------

// The network's answer; what is kept, where the network fails, is silent for long, or reaches
// nobody; and where nothing is kept, whatever the network says in the end.
async function networkFirst(network, kept) {
  const answer = await Promise.race([network.catch(() => null), sleep(PATIENCE_MILLISECONDS)]);
  if (answer && !OUTAGE.includes(answer.status)) {
    return answer;
  }
  return (await kept()) ?? network;
}

async function answerPage(event, page) {
  const book = bookOf(page.slug);
  const { age } = book;
  const network = fetch(event.request);
  event.waitUntil(
    network.then(
      (answer) => learn(book, page, answer.clone(), age),
      () => {},
    ),
  );
  event.waitUntil(sweepOnce());
  return networkFirst(network, async () => (page.isKept ? book.readPage(page.key) : undefined));
}

// A redirect leads to the code form, or from an address that the event had before.
function isRefusal(answer) {
  const { type, redirected, status } = answer;
  return type === "opaqueredirect" || redirected || [403, 404, 410].includes(status);
}

async function learn(book, page, answer, age) {
  if (answer.status === 404 && !answer.redirected && !page.isGallery) {
    await (page.photo ? book.forgetPhoto(page.photo) : book.forgetPage(page.key));
    await askAtTheDoor(book, page.slug);
  } else if (isRefusal(answer)) {
    await book.forget();
  } else if (page.isKept && answer.status === 200) {
    await book.keepPage(page, answer, age);
  }
}

// A photo or a chapter is gone, or something was not allowed: is the whole gallery closed?
async function askAtTheDoor(book, slug) {
  const address = `/e/${slug}/new/?after=${Number.MAX_SAFE_INTEGER}`;
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (isRefusal(answer)) {
    await book.forget();
  }
}

// These pages are not kept, but whoever is refused here has the gallery no more.
function answerAside(event, slug) {
  const network = fetch(event.request);
  const ask = (answer) => isRefusal(answer) && askAtTheDoor(bookOf(slug), slug);
  event.waitUntil(network.then(ask).catch(() => {}));
  return network;
}

// What is sent does not pass through here: browsers have lost bodies that a worker passed on, and a
// like goes on when its page, and with it the worker's leave to act, is gone. So its answer is not
// seen; but whoever is refused by it is refused at the door too. Many likes ask once.
async function askBeside(slug) {
  const book = bookOf(slug);
  await book.open();
  const now = Date.now();
  if (book.entries.size && now - book.asked > ASK_AGAIN_MILLISECONDS) {
    book.asked = now;
    await askAtTheDoor(book, slug).catch(() => {
      book.asked = 0;
    });
  }
}

async function answerPicture(event, picture) {
  const client = await self.clients.get(event.clientId);
  const slug = client && new URL(client.url).pathname.match(GALLERY)?.[1];
  if (!slug) {
    return fetch(event.request);
  }
  const book = bookOf(slug);
  const { age } = book;
  const kept = picture.isSmall && (await book.read(picture.key));
  if (kept) {
    event.waitUntil(book.write());
    return kept;
  }
  const network = fetchPicture(event.request);
  if (picture.isSmall) {
    event.waitUntil(network.then((answer) => keep(book, answer.clone(), age)).catch(() => {}));
  }
  try {
    return await networkFirst(network, () => book.readOtherSize(picture));
  } catch (error) {
    if (!picture.isSmall) {
      throw error;
    }
    // The blurred placeholder below it stays to be seen, instead of a broken picture.
    const pixel = Uint8Array.from(atob(NOTHING), (letter) => letter.charCodeAt(0));
    return new Response(pixel, { headers: { "Content-Type": "image/gif" } });
  }
}

// A bucket is asked with CORS, for an answer that may not be read counts for megabytes of a phone's
// room. The browser may hold the picture from an earlier page, without the leave to read it.
async function fetchPicture(request) {
  if (new URL(request.url).origin === location.origin) {
    return fetch(request);
  }
  const asked = { mode: "cors", credentials: "omit" };
  try {
    return await fetch(request.url, asked).catch(() =>
      fetch(request.url, { ...asked, cache: "reload" }),
    );
  } catch {
    return fetch(request);
  }
}

// An old link is led to the picture as it is now: it is kept under the address that answered.
async function keep(book, answer, age) {
  const picture = answer.status === 200 && answer.type !== "opaque" && pictureAt(new URL(answer.url));
  if (picture && picture.isSmall) {
    await book.keepPicture(picture, answer, age);
  }
}

async function answerStatic(request) {
  const { pathname } = new URL(request.url);
  const kept = await caches.match(request.url, { ignoreVary: true });
  if (kept && HASHED.test(pathname)) {
    return kept;
  }
  try {
    return await fetch(request);
  } catch (error) {
    if (kept) {
      return kept;
    }
    throw error;
  }
}

async function offlinePage(slug) {
  const shell = await caches.open(SHELL);
  const page = await shell.match(SETUP.offline[await language()]);
  if (!page) {
    return Response.error();
  }
  const gallery = `/e/${slug}/`;
  const isKept = await bookOf(slug).has(gallery);
  const text = await page.text();
  const shown = text.replace("hidden data-gallery", "").replace("/e/-/", gallery);
  return new Response(isKept ? shown : text, { headers: plainHeaders(page) });
}

// The language of the last page that came, else the browser's own.
async function language() {
  const shell = await caches.open(SHELL);
  const last = await textOf(shell, LANGUAGE);
  return [last, self.navigator.language.slice(0, 2), "en"].find((name) => name in SETUP.offline);
}

async function remember(name) {
  const shell = await caches.open(SHELL);
  if (name && (await textOf(shell, LANGUAGE)) !== name) {
    await shell.put(LANGUAGE, new Response(name)).catch(() => {});
  }
}

// --- the worker's life -------------------------------------------------------------------------

let sweeping = null;

// Once in the life of a worker, which ends half a minute after the last page's last request.
function sweepOnce() {
  sweeping ??= sweep();
  return sweeping;
}

async function sweep() {
  for (const name of await caches.keys()) {
    if (name.startsWith(`${FORMAT}-`)) {
      await bookOf(name.slice(FORMAT.length + 1)).sweep();
    } else if (name.startsWith("shell-") && name !== SHELL) {
      await retire(name);
    } else if (name !== SHELL) {
      await caches.delete(name);
    }
  }
}

// Pages that were kept before a deployment name the files of then: these live as long as they do.
async function retire(name) {
  const shell = await caches.open(name);
  const since = await textOf(shell, RETIRED);
  if (!since) {
    await shell.put(RETIRED, new Response(String(Date.now())));
  } else if (Date.now() - Number(since) > KEPT_MILLISECONDS) {
    await caches.delete(name);
  }
}

async function install() {
  const shell = await caches.open(SHELL);
  await shell.addAll([...SETUP.shell, ...Object.values(SETUP.offline)]);
  await shell.delete(RETIRED); // this version may have been here before
  // Galleries stay open on phones for days, so waiting for the last one to close would be waiting
  // for good. An open page loses nothing: the files that it names are in the retired shell.
  await self.skipWaiting();
}

async function activate() {
  await sweepOnce();
  // The first visit counts too: from here on its pictures are kept.
  await self.clients.claim();
}

// The page that was open before its worker was there, and the pictures on its screen. The browser
// has them all: nothing is sent again.
async function keepFirstVisit(address, pictures) {
  const page = pageAt(new URL(address, location.origin));
  if (!page) {
    return;
  }
  const book = bookOf(page.slug);
  const { age } = book;
  const asked = { cache: "force-cache" };
  const answer = await fetch(page.key, { ...asked, headers: { Accept: "text/html" } });
  await learn(book, page, answer, age);
  const found = pictures.map((picture) => new URL(picture, location.origin));
  const small = found.filter((url) => pictureAt(url)?.isSmall).map((url) => new Request(url, asked));
  await Promise.allSettled(small.map((r) => fetchPicture(r).then((a) => keep(book, a, age))));
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));

self.addEventListener("message", (event) => {
  const { address, pictures } = event.data ?? {};
  if (typeof address === "string" && Array.isArray(pictures)) {
    event.waitUntil(keepFirstVisit(address, pictures));
  }
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const isHere = url.origin === location.origin;
  const slug = isHere && url.pathname.match(GALLERY)?.[1];
  if (request.method !== "GET") {
    if (slug && !GATE.test(url.pathname) && !DOWNLOAD.test(url.pathname)) {
      event.waitUntil(askBeside(slug));
    }
    return;
  }
  const isShown = request.mode === "navigate";
  const isAside = isHere && ASIDE.test(url.pathname);
  const page = pageAt(url);
  const picture = pictureAt(url);
  if (page || isAside) {
    const answer = page ? answerPage(event, page) : answerAside(event, slug);
    event.respondWith(isShown ? answer.catch(() => offlinePage(slug)) : answer);
  } else if (isHere && isShown && GATE.test(url.pathname)) {
    event.respondWith(fetch(request).catch(() => offlinePage(slug)));
  } else if (picture) {
    event.respondWith(answerPicture(event, picture));
  } else if (isHere && url.pathname.startsWith("/static/")) {
    event.respondWith(answerStatic(request));
  }
});
