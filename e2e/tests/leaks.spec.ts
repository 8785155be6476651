// What a thief of the gateway's disk, its logs or the line can read: nothing that opens anything.

import { randomBytes } from 'node:crypto';
import {
  changePassword,
  press,
  recover,
  setBridge,
  signIn,
  signUp,
  trySignIn,
  told,
} from '../support/account';
import { bytesAt } from '../support/proto';
import { type Places, forms, recoverySecret, scan, secret } from '../support/scan';
import { Seeds } from '../support/secrets';
import { expect, test } from '../support/test';

const FIRST = 'first password of Alice';
const SECOND = 'second password of Alice';
const THIRD = 'third password of Alice';
const WRONG = 'a password that is wrong';
const MARKER = 'Alice Marker-in-her-name';
const TEXTS = ['a telltale text to Alice', 'a telltale answer of hers', 'a telltale text that waits'];

test.use({ settings: { SOTTO_LOG: 'trace' } });

test('no password, recovery code, key or text is found on disk, in the logs or on the line', async ({
  visitor,
  middleman,
  gateway,
  stranger,
}) => {
  test.setTimeout(180_000);
  const alice = await visitor({ address: middleman.url });
  const aliceSeeds = Seeds.listen(alice.context, middleman);
  const code = await signUp(alice, 'alice', { password: FIRST, displayName: MARKER });

  // Over the bridge, both ways, and one message is left in the mailbox.
  await setBridge(alice, true);
  const other = await stranger('other');
  await other.sendKey('alice');
  await other.sendText('alice', TEXTS[0] ?? '');
  await alice.open('other');
  await alice.expectState(TEXTS[0] ?? '', 'received');
  await alice.write(TEXTS[1] ?? '');
  expect(await other.pullContents(1)).toMatchObject([{ text: TEXTS[1] }]);
  await alice.write(TEXTS[2] ?? '');
  await alice.expectState(TEXTS[2] ?? '', 'stored');

  const second = await visitor({ address: middleman.url });
  const secondSeeds = Seeds.listen(second.context, middleman);
  await trySignIn(second, 'alice', { password: WRONG });
  await expect(told(second)).toHaveText('The name or the password is wrong.');
  await signIn(second, 'alice', { password: FIRST });
  await changePassword(alice, FIRST, SECOND);
  await second.page.getByLabel('New password', { exact: true }).fill(SECOND);
  await press(second, 'Continue');
  await second.expectMainView();
  const third = await visitor({ address: middleman.url });
  const thirdSeeds = Seeds.listen(third.context, middleman);
  const nextCode = await recover(third, 'alice', code, { password: THIRD });

  // What the browsers made, known by what they told of it.
  const sent = (asked: number) =>
    middleman.passed.filter(({ from, code: as }) => from === 'browser' && as === asked);
  const [registered] = sent(3011);
  const added = sent(3014);
  expect([registered?.code, added.length]).toEqual([3011, 2]);
  const registration = registered?.payload ?? Buffer.alloc(0);
  const [account, accountKey] = [bytesAt(registration, 6, 1), bytesAt(registration, 6, 2)];
  const made = aliceSeeds.secretsOf(account);
  const vault = made.vaultKey(bytesAt(registration, 5), account, 1n);
  const secretAccountKey = made.keyOf(accountKey);
  expect(vault.content.includes(secretAccountKey), 'the vault holds the account key').toBe(true);
  const deviceKeys = [
    made.keyOf(bytesAt(registration, 6, 4)),
    ...added.map(({ payload }, index) => {
      const [client, key] = [bytesAt(payload, 1, 3), bytesAt(payload, 1, 4)];
      return (index === 0 ? secondSeeds : thirdSeeds).secretsOf(client).keyOf(key);
    }),
  ];

  const secrets = [
    ...[FIRST, SECOND, THIRD, WRONG].map((password) => secret('a password', password)),
    ...[code, nextCode].flatMap((shown) => [
      secret('a recovery code', shown),
      secret('a recovery code', shown.replaceAll('-', '')),
      secret('a recovery code', shown.toLowerCase()),
      secret('the secret of a recovery code', recoverySecret(shown)),
    ]),
    secret('the account key', secretAccountKey),
    ...deviceKeys.map((key) => secret('a device key', key)),
    secret('the vault key', vault.key),
    secret('the key with the other program', other.sharedKey('alice')),
    ...TEXTS.map((text) => secret('a text', text)),
  ];
  const line = Buffer.concat(middleman.recorded);
  const places = async (): Promise<Places> => {
    const files: Places = new Map([...(await gateway.files())]);
    return new Map([...files, ['the log', Buffer.from(gateway.logged)], ['the line', line]]);
  };
  const running = await places();
  await gateway.stop();
  const stopped = await places();
  for (const where of [running, stopped]) expect(scan(where, secrets)).toEqual([]);

  // The scan sees: what is no secret is found wherever it has to be.
  const paths = [...running.keys()];
  const [database, log, audit] = ['defensive.db', 'defensive.db-wal', 'audit.log'].map(
    (name) => paths.find((path) => path.endsWith(`/${name}`)) ?? '',
  );
  expect([database, log, audit]).not.toContain('');
  const written: Places = new Map([
    ['the database', Buffer.concat([database, log].map((path) => running.get(path ?? '') ?? Buffer.alloc(0)))],
    ['the line', line],
  ]);
  for (const known of [secret('her name', MARKER), secret('her key', accountKey)]) {
    expect(scan(written, [known])).toEqual([
      `${known.name} in the database, as bytes`,
      `${known.name} in the line, as bytes`,
    ]);
  }
  const recorded = running.get(audit ?? '')?.toString() ?? '';
  for (const event of ['account_registered', 'login_failed', 'credentials_changed', 'recovery_used']) {
    expect(recorded).toContain(event);
  }
  expect(gateway.logged).toContain('stopped');
  // And a secret in any of these places would have been seen.
  for (const [place, content] of running) {
    const planted: Places = new Map([[place, Buffer.concat([content, Buffer.from(SECOND)])]]);
    expect(scan(planted, secrets)).toEqual([`a password in ${place}, as bytes`]);
  }
});

test('the scan finds a planted secret in whatever form it was written', () => {
  const planted = secret('planted', randomBytes(32));
  for (const [form, pattern] of forms(planted.bytes)) {
    const place: Places = new Map([['here', Buffer.concat([randomBytes(999), pattern, randomBytes(99)])]]);
    expect(scan(place, [planted])).toContain(`planted in here, as ${form}`);
  }
  const text = { planted: randomBytes(7).toString('base64') + planted.bytes.toString('base64') };
  expect(scan(new Map([['json', Buffer.from(JSON.stringify(text))]]), [planted])).not.toEqual([]);
  for (const before of [1, 2, 3, 4]) {
    const whole = Buffer.concat([randomBytes(before), planted.bytes, randomBytes(before)]);
    const encoded: Places = new Map([['base64', Buffer.from(whole.toString('base64'))]]);
    expect(scan(encoded, [planted])).not.toEqual([]);
  }
  expect(scan(new Map([['noise', randomBytes(100_000)]]), [planted])).toEqual([]);
});
