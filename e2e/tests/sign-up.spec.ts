import {
  PASSWORD,
  closeDialogs,
  confirmCode,
  fillSignUp,
  heading,
  openSetting,
  press,
  reload,
  shownCode,
  signIn,
  signUp,
  signUpToCode,
  textbox,
  told,
  trySignIn,
  unlock,
  visitSignIn,
} from '../support/account';
import { Gateway } from '../support/gateway';
import { expect, test } from '../support/test';

test('an account takes a name and a password, and its recovery code is shown until it is on paper', async ({
  visitor,
}) => {
  const alice = await visitor();
  const code = await signUpToCode(alice, 'alice', { displayName: 'Alice Liddell' });

  // Closing the page does not lose it, nor does putting it off.
  await alice.page.reload();
  await unlock(alice);
  expect(await shownCode(alice)).toBe(code);
  await press(alice, 'Later');
  await alice.expectMainView();
  await press(alice, 'Show it');
  expect(await shownCode(alice)).toBe(code);

  await press(alice, 'I have written it down');
  await textbox(alice, 'Last group of the code').fill('00000');
  await press(alice, 'Done');
  await expect(alice.page.getByRole('alert').filter({ hasText: 'not the last group' })).toBeVisible();
  await press(alice, 'Show the code again');
  await confirmCode(alice, code.toLowerCase());
  await alice.expectMainView();
  await expect(alice.conversations).toContainText('Alice Liddell');
  await reload(alice);
  await expect(alice.page.getByRole('button', { name: 'Show it' })).toHaveCount(0);
  await expect(alice.page.getByText(code.slice(-5))).toHaveCount(0);
});

test('the recovery code can be copied, and saved as a text file', async ({ visitor }) => {
  const alice = await visitor({ permissions: ['clipboard-read', 'clipboard-write'] });
  const code = await signUpToCode(alice, 'alice');
  await press(alice, 'Copy');
  await expect(alice.page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await alice.page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  const save = alice.page.getByRole('button', { name: 'Save as text file' });
  const download = await alice.download(save);
  const lines = [];
  for await (const part of await download.createReadStream()) lines.push(String(part));
  expect(lines.join('')).toContain(code);
  expect(lines.join('')).toContain('alice');
});

test('a taken name is refused beside its field, and another one is taken up', async ({
  visitor,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  const other = await visitor();
  await other.visit();
  await press(other, 'Create account');
  await fillSignUp(other, 'alice');
  await press(other, 'Create account');
  const name = textbox(other, 'User name');
  await expect(name).toHaveAccessibleDescription(/The name “alice” is taken/);
  await expect(name).toBeFocused();
  await name.fill('alice-2');
  await press(other, 'Create account');
  await confirmCode(other, await shownCode(other));
  await other.expectMainView();
  await expect(other.listed('alice')).toBeVisible();
});

test('a name that is none is told as it is typed, and a good one suggested', async ({ visitor }) => {
  const alice = await visitor();
  await alice.visit();
  await press(alice, 'Create account');
  const name = textbox(alice, 'User name');
  await name.fill('Alice Liddell');
  await expect(name).toHaveAccessibleDescription(/small letters a–z/);
  await press(alice, 'Use “alice.liddell”');
  await expect(name).toHaveValue('alice.liddell');
  await expect(name).toBeFocused();
  await name.fill('x'.repeat(33));
  await expect(name).toHaveAccessibleDescription(/at most 32 characters; this one has 33/);
  await name.fill('al');
  await press(alice, 'Create account');
  await expect(name).toHaveAccessibleDescription(/at least 3 characters/);
});

test('a weak password is refused before anything leaves the browser', async ({
  visitor,
  middleman,
}) => {
  const alice = await visitor({ address: middleman.url });
  await alice.visit();
  await press(alice, 'Create account');
  const password = alice.page.getByLabel('Password', { exact: true });
  for (const [weak, why] of [
    ['123456789', /at least 10 characters; this one has 9/],
    ['aaaaaaaaaaaa', /different characters/],
    ['wonderland', /user name does not make the password stronger/],
  ] as const) {
    await fillSignUp(alice, 'wonderland', { password: weak });
    await press(alice, 'Create account');
    await expect(password).toHaveAccessibleDescription(why);
    await expect(password).toBeFocused();
  }
  expect(middleman.passed.filter(({ code }) => code === 3010)).toEqual([]);
  await password.fill('0123456789');
  await expect(alice.page.getByText('Good. A longer one is better.')).toBeVisible();
});

test('a password can be pasted, and looked at', async ({ visitor }) => {
  const alice = await visitor();
  const { page } = alice;
  await alice.visit();
  await press(alice, 'Create account');
  await fillSignUp(alice, 'alice', { password: '' });
  const elsewhere = textbox(alice, 'Display name (optional)');
  await elsewhere.fill('pasted Päßwort 🦊');
  await elsewhere.press('ControlOrMeta+a');
  await elsewhere.press('ControlOrMeta+x');
  const password = page.getByLabel('Password', { exact: true });
  await password.press('ControlOrMeta+v');
  await expect(password).toHaveValue('pasted Päßwort 🦊');
  await expect(password).toHaveAttribute('type', 'password');
  await press(alice, 'Show what is typed');
  await expect(password).toHaveAttribute('type', 'text');
  await press(alice, 'Create account');
  await confirmCode(alice, await shownCode(alice));
  await reload(alice, 'pasted Päßwort 🦊');
});

test('password managers find the fields by their autocomplete attributes', async ({ visitor }) => {
  const alice = await visitor();
  const expectFields = async (fields: Record<string, string>) => {
    for (const [label, autocomplete] of Object.entries(fields)) {
      const field = alice.page.getByLabel(label, { exact: true });
      await expect(field).toHaveAttribute('autocomplete', autocomplete);
    }
  };
  await alice.visit();
  await press(alice, 'Create account');
  await expectFields({ 'User name': 'username', Password: 'new-password' });
  await visitSignIn(alice);
  await expectFields({ 'User name': 'username', Password: 'current-password' });
  await press(alice, 'Forgot password?');
  await expectFields({ 'User name': 'username', 'Recovery code': 'off', 'New password': 'new-password' });
  await signUp(alice, 'alice');
  await alice.page.reload();
  await expect(heading(alice, 'Welcome back')).toBeVisible();
  await expectFields({ Password: 'current-password' });
  await unlock(alice);
  await alice.expectMainView();
  const security = await openSetting(alice, 'Security');
  await security.getByRole('button', { name: 'Change password' }).click();
  await expectFields({ 'Current password': 'current-password', 'New password': 'new-password' });
  const name = alice.page.locator('input[autocomplete=username]');
  await expect(name).toHaveValue('alice');
  await closeDialogs(alice);
});

test.describe('by invitation', () => {
  test.use({ settings: { SOTTO_REGISTRATION: 'invitation' } });

  /** The code of an invitation by the operator. */
  async function invite(gateway: Gateway): Promise<string> {
    const [code] = (await gateway.operate('invite')).match(/[0-9A-Za-z_-]{16,}/) ?? [];
    if (!code) throw new Error('no code was printed');
    return code;
  }

  test('an invitation lets one person in, by its link or its code', async ({ visitor, gateway }) => {
    const code = await invite(gateway);
    const alice = await visitor();
    await alice.page.goto(`${gateway.url}#invite=${code}`);
    await expect(textbox(alice, 'Invitation code')).toHaveValue(code);
    // What lets somebody in does not stay where others may look.
    expect(alice.page.url()).not.toContain(code);
    await fillSignUp(alice, 'alice');
    await press(alice, 'Create account');
    await confirmCode(alice, await shownCode(alice));
    await alice.expectMainView();

    const bob = await visitor();
    await bob.page.goto(`${gateway.url}#invite=${code}`);
    await fillSignUp(bob, 'bob');
    await press(bob, 'Create account');
    const invitation = textbox(bob, 'Invitation code');
    const refused = /takes an invitation to sign up here. This one is unknown, used or expired/;
    await expect(invitation).toHaveAccessibleDescription(refused);
    await invitation.fill('this-is-no-code-at-all');
    await press(bob, 'Create account');
    await expect(invitation).toHaveAccessibleDescription(refused);
    await invitation.fill('');
    await press(bob, 'Create account');
    await expect(invitation).toHaveAccessibleDescription(/Type the code of your invitation/);
    await invitation.fill(await invite(gateway));
    await press(bob, 'Create account');
    await confirmCode(bob, await shownCode(bob));
    await bob.expectMainView();
  });

  test('people invite people, and take invitations back', async ({ visitor, gateway }) => {
    const alice = await visitor();
    await signUp(alice, 'alice', { invitation: await invite(gateway) });
    const dialog = await openSetting(alice, 'Invitations');
    await expect(dialog).toContainText('None.');
    const link = dialog.getByText('#invite=');
    const open = dialog.getByRole('list', { name: 'Open invitations' }).getByRole('listitem');
    await dialog.getByRole('button', { name: 'Make an invitation' }).click();
    await expect(open).toHaveCount(1);
    const first = await link.innerText();
    await open.getByRole('button', { name: 'Take back' }).click();
    await expect(open).toHaveCount(0);
    await dialog.getByRole('button', { name: 'Make an invitation' }).click();
    await expect(link).not.toHaveText(first);
    await expect(open).toHaveCount(1);
    const second = await link.innerText();

    const bob = await visitor();
    await bob.page.goto(first);
    await fillSignUp(bob, 'bob');
    await press(bob, 'Create account');
    await expect(textbox(bob, 'Invitation code')).toHaveAccessibleDescription(/unknown, used/);
    await bob.page.goto(second);
    await bob.page.reload();
    await bob.page.goto(second);
    await fillSignUp(bob, 'bob');
    await press(bob, 'Create account');
    await confirmCode(bob, await shownCode(bob));
    await bob.expectMainView();
    await expect(alice.listed('bob')).toBeVisible();
  });
});

test('where registration is closed nobody is asked to sign up, and whoever has an account gets in', async ({
  visitor,
  gateway,
}) => {
  const alice = await visitor();
  await signUp(alice, 'alice');
  await gateway.restart({ SOTTO_REGISTRATION: 'closed' });
  const browser = await visitor();
  await browser.visit();
  await expect(browser.page.getByText('This server takes no new accounts.')).toBeVisible();
  await expect(browser.page.getByRole('button', { name: 'Create account' })).toHaveCount(0);
  await trySignIn(browser, 'nobody', { password: PASSWORD });
  await expect(told(browser)).toHaveText('The name or the password is wrong.');
  await signIn(browser, 'alice');
});
