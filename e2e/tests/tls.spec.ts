import { reload, signUp } from '../support/account';
import { Cli } from '../support/cli';
import { expect, test } from '../support/test';

test.use({ settings: { SOTTO_TLS_SELF_SIGNED: 'true', SOTTO_TLS_TCP: '127.0.0.1:0' } });

test('browser and terminal work over TLS with a certificate that nobody signed', async ({
  visitor,
  gateway,
  folder,
}) => {
  expect(gateway.url).toMatch(/^https:/);
  const alice = await visitor({ ignoreHTTPSErrors: true });
  await signUp(alice, 'alice');
  await reload(alice);
  const fingerprint = gateway.fingerprint ?? '';
  expect(fingerprint).toMatch(/^sha256:/);

  const bob = new Cli(`${folder}/bob`, gateway.tlsTcpAddress);
  await bob.run('--tls', '--pin', fingerprint, 'register', 'bob');
  // The pin is kept: it need not be given again.
  expect(await bob.run('--tls', 'whoami')).toMatchObject([{ name: 'bob' }]);
  await bob.run('--tls', 'people');
});

test('a terminal does not speak to a gateway whose certificate is another one than the pinned', async ({
  gateway,
  folder,
}) => {
  const fingerprint = gateway.fingerprint ?? '';
  const other = fingerprint.replace(/[0-9A-Fa-f]$/, (digit) => (digit === '0' ? '1' : '0'));
  const bob = new Cli(`${folder}/bob`, gateway.tlsTcpAddress);
  const refused = await bob.try('--tls', '--pin', other, 'register', 'bob');
  expect(refused.exit).not.toBe(0);
  expect(refused.errors + JSON.stringify(refused.lines)).toMatch(/fingerprint|certificate/i);
  // Nobody has been registered, and without a pin nobody is.
  const unpinned = await bob.try('--tls', 'register', 'bob');
  expect(unpinned.exit).not.toBe(0);
  const [registered] = await bob.run('--tls', '--pin', fingerprint, 'register', 'bob');
  expect(registered).toMatchObject({ name: 'bob' });
});
