// What every test stands on. A test that uses `gateway` and `person` has a gateway and browsers of
// its own, and fails on anything that a browser complains about.

import { type BrowserContextOptions, test as base, expect } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicClient } from './classic';
import { Cli, Menu } from './cli';
import { Gateway, type Settings } from './gateway';
import { Middleman } from './middleman';
import { Person, type SignUp } from './person';
import { Watch } from './watch';

/** Where a browser goes, if not to the gateway itself. */
interface At {
  address?: string;
}

export interface Fixtures {
  /** Settings of the gateway: `test.use({ settings: { … } })`. */
  settings: Settings;
  /** A running gateway. */
  gateway: Gateway;
  /** What browsers complained about. */
  watch: Watch;
  /** A person with a browser of their own, at the door of the gateway or at `address`. */
  visitor: (options?: BrowserContextOptions & At) => Promise<Person>;
  /** A person with an account, its classic bridge on, and a browser of their own. */
  person: (name: string, options?: BrowserContextOptions & At & SignUp) => Promise<Person>;
  /** A person with an account, no classic bridge, and a browser of their own. */
  account: (name: string, options?: BrowserContextOptions & At & SignUp) => Promise<Person>;
  /** A person with a classic identity and no account, and a browser of their own. */
  classicPerson: (name: string, options?: BrowserContextOptions & At) => Promise<Person>;
  /** Two such people; the first one has the conversation with the second one open. */
  pair: (names?: [string, string], address?: string) => Promise<[Person, Person]>;
  /** Somebody at a terminal, with a profile of their own. */
  terminal: (name?: string) => Promise<Cli>;
  /** Somebody at the menu of the classic protocol. */
  menu: () => Promise<Menu>;
  /** Somebody with another program of the classic protocol. */
  stranger: (name: string) => Promise<ClassicClient>;
  /** A relay between browser and gateway, which can misbehave. */
  middleman: Middleman;
  /** A folder that is removed after the test. */
  folder: string;
}

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],

  gateway: async ({ settings }, use, info) => {
    const gateway = await Gateway.start(settings);
    await use(gateway);
    if (info.status !== info.expectedStatus) {
      await info.attach('gateway.log', { body: gateway.logged, contentType: 'text/plain' });
    }
    await gateway.dispose();
  },

  watch: async ({ gateway }, use) => {
    const watch = new Watch();
    await use(watch);
    expect(watch.found(gateway.wasDown), 'what browsers complained about').toEqual([]);
  },

  visitor: async ({ browser, gateway, watch }, use) => {
    const contexts: { close: () => Promise<void> }[] = [];
    await use(async ({ address, ...options } = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      await watch.watch(context, `browser ${contexts.length}`);
      return new Person(context, await context.newPage(), address ?? gateway.url);
    });
    for (const context of contexts) await context.close();
  },

  person: async ({ visitor }, use) => {
    await use(async (name, { displayName, password, invitation, stay, ...options } = {}) => {
      const person = await visitor(options);
      await person.register(name, { displayName, password, invitation, stay });
      return person;
    });
  },

  account: async ({ visitor }, use) => {
    await use(async (name, { displayName, password, invitation, stay, ...options } = {}) => {
      const person = await visitor(options);
      await person.signUp(name, { displayName, password, invitation, stay });
      return person;
    });
  },

  classicPerson: async ({ visitor }, use) => {
    await use(async (name, options) => {
      const person = await visitor(options);
      await person.registerClassic(name);
      return person;
    });
  },

  pair: async ({ person }, use) => {
    await use(async ([first, second] = ['alice', 'bob'], address) => {
      const [bob, alice] = await Promise.all([person(second), person(first, { address })]);
      await alice.open(second);
      return [alice, bob];
    });
  },

  terminal: async ({ gateway, folder }, use) => {
    const terminals: Cli[] = [];
    await use(async (name) => {
      const profile = join(folder, `terminal-${terminals.length + 1}`);
      const cli = new Cli(profile, gateway.tcpAddress);
      terminals.push(cli);
      if (name) await cli.run('register', name);
      return cli;
    });
    for (const terminal of terminals) terminal.stop();
  },

  menu: async ({ gateway, folder }, use) => {
    const menus: Menu[] = [];
    await use(async () => {
      const home = join(folder, `menu-${menus.length + 1}`);
      const menu = await Menu.start(home, gateway.tcpAddress);
      menus.push(menu);
      return menu;
    });
    for (const menu of menus) menu.stop();
  },

  stranger: async ({ gateway }, use) => {
    const strangers: ClassicClient[] = [];
    await use(async (name) => {
      const stranger = new ClassicClient(gateway.tcpAddress, name);
      strangers.push(stranger);
      await stranger.register();
      return stranger;
    });
    for (const stranger of strangers) stranger.close();
  },

  middleman: async ({ gateway }, use) => {
    const middleman = await Middleman.start(() => gateway.httpAddress);
    await use(middleman);
    middleman.stop();
  },

  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'sotto-e2e-files-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

export { expect };
