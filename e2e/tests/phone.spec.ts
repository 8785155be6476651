import { devices } from '@playwright/test';
import { picture } from '../support/content';
import type { Person } from '../support/person';
import { expect, test } from '../support/test';

const phone = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
  userAgent: devices['Pixel 7'].userAgent,
};

async function expectNothingBesideTheScreen(person: Person): Promise<void> {
  const width = () => document.documentElement.scrollWidth;
  expect(await person.page.evaluate(width)).toBeLessThanOrEqual(phone.viewport.width);
}

test('a whole conversation fits on a phone', async ({ person, visitor }) => {
  const bob = await person('bob');
  const alice = await visitor(phone);
  await alice.visit();
  await expectNothingBesideTheScreen(alice);
  await alice.page.getByRole('button', { name: 'Create account' }).tap();
  await expectNothingBesideTheScreen(alice);
  await alice.fillSignUp('alice');
  await expect(alice.page.getByRole('group', { name: 'Recovery code' })).toBeVisible();
  await expectNothingBesideTheScreen(alice);
  await alice.confirmRecoveryCode();
  await alice.expectMainView();
  await expectNothingBesideTheScreen(alice);
  await alice.switchBridgeOn();

  await alice.listed('bob').tap();
  await alice.contact('bob').getByRole('button', { name: 'Classic chat' }).tap();
  await expect(alice.conversation('bob')).toBeVisible();
  await expect(alice.people).toBeHidden();
  await alice.composer.fill('from my phone');
  await alice.page.getByRole('button', { name: 'Send', exact: true }).tap();
  await alice.expectState('from my phone', 'stored');
  await alice.composer.fill('x'.repeat(300));
  await alice.page.getByRole('button', { name: 'Send', exact: true }).tap();
  await alice.sendFiles(picture('a picture with a rather long name for a phone.png', 1200, 300));
  await expectNothingBesideTheScreen(alice);

  await bob.open('alice');
  await bob.expectState('from my phone', 'received');
  await bob.write('to your phone');
  await expect(alice.message('to your phone')).toBeInViewport();
  await expect(alice.composer).toBeInViewport();

  const box = await alice.page.getByRole('button', { name: 'Back to people' }).boundingBox();
  expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(40);
  await alice.page.getByRole('button', { name: 'Back to people' }).tap();
  await expect(alice.listed('bob')).toBeVisible();
  await expect(alice.conversation('bob')).toBeHidden();
  await bob.write('are you there?');
  await expect(alice.listed('bob')).toHaveAccessibleName(/1 unread/);
  await alice.listed('bob').tap();
  await expect(alice.message('are you there?')).toBeInViewport();
  // The browser's own way back leads to the list too.
  await alice.page.goBack();
  await expect(alice.listed('bob')).toBeVisible();

  const settings = await alice.openSettings();
  await expectNothingBesideTheScreen(alice);
  for (const name of ['Profile', 'Devices', 'Security', 'Classic bridge']) {
    await settings.getByRole('button', { name }).tap();
    await expect(alice.dialog(name)).toBeVisible();
    await expectNothingBesideTheScreen(alice);
    await alice.dialog(name).getByRole('button', { name: 'Close' }).tap();
  }
  await settings.getByRole('button', { name: 'Close' }).tap();
});
