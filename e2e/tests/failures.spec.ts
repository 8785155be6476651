import { randomFile } from '../support/content';
import { expect, test } from '../support/test';

test.use({ settings: { SOTTO_CONTENT_MAX: '64KiB' } });

test('a message that is refused says so, and can be tried again or discarded', async ({
  pair,
  gateway,
}) => {
  const [alice, bob] = await pair();
  await alice.write('small enough');
  await alice.expectState('small enough', 'stored');
  await alice.sendFiles(randomFile('first.bin', 100_000));
  await alice.sendFiles(randomFile('second.bin', 100_000));
  const first = alice.files.filter({ hasText: 'first.bin' });
  const second = alice.files.filter({ hasText: 'second.bin' });
  for (const message of [first, second]) {
    await expect(message).toHaveAttribute('data-state', 'failed');
    await expect(message).toContainText('Not sent: the server refused it.');
  }
  // It does not stand in the way of what comes after it.
  await alice.write('still talking');
  await alice.expectState('still talking', 'stored');

  await first.getByRole('button', { name: 'Retry' }).click();
  await expect(first).toHaveAttribute('data-state', 'failed');
  await second.getByRole('button', { name: 'Discard' }).click();
  await expect(second).toHaveCount(0);
  await alice.page.reload();
  await expect(first).toHaveAttribute('data-state', 'failed');
  await expect(second).toHaveCount(0);

  await gateway.restart({ SOTTO_CONTENT_MAX: '1MiB' });
  await expect(alice.connection).toHaveText('Online');
  await first.getByRole('button', { name: 'Retry' }).click();
  await expect(first).toHaveAttribute('data-state', 'stored');
  await expect(first.getByRole('button', { name: 'Retry' })).toHaveCount(0);
  await bob.open('alice');
  await expect(bob.files).toHaveCount(1);
});

test('a file over every limit is refused before it is read', async ({ pair }) => {
  const [alice] = await pair();
  await alice.page.getByLabel('File to attach').evaluate((input: HTMLInputElement) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(80 * 1024 * 1024)], 'huge.iso'));
    input.files = data.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await expect(alice.page.getByRole('alert')).toContainText(/“huge.iso” is 80 MB; at most \d+/);
  await expect(alice.files).toHaveCount(0);
});
