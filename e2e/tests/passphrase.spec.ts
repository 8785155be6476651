import { PASSWORD } from '../support/person';
import { expect, test } from '../support/test';

test('a passphrase is asked for on reload; a wrong one is told and loses nothing', async ({
  person,
  classicPerson,
}) => {
  const bob = await person('bob');
  const alice = await classicPerson('Alice');
  await alice.open('bob');
  await alice.write('under lock and key');
  await alice.expectState('under lock and key', 'stored');
  await alice.setPassphrase('correct horse');

  await alice.page.reload();
  await expect(alice.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  await expect(alice.page.getByLabel('Passphrase', { exact: true })).toBeFocused();
  await expect(alice.page.getByText('under lock and key')).toHaveCount(0);
  for (const wrong of ['wrong horse', 'correct horse ']) {
    await alice.unlock(wrong);
    await expect(alice.page.getByRole('alert')).toContainText('Wrong passphrase');
  }
  await alice.unlock('correct horse');
  await expect(alice.conversation('bob')).toBeVisible();
  await alice.expectState('under lock and key', 'stored');
  await alice.write('open again');
  await alice.expectState('open again', 'stored');
  await bob.open('Alice');
  await bob.expectState('open again', 'received');
});

test('a passphrase is changed and removed', async ({ classicPerson }) => {
  const alice = await classicPerson('alice');
  await alice.setPassphrase('first');

  const settings = await alice.openSettings();
  await settings.getByRole('button', { name: 'Change passphrase' }).click();
  const change = alice.dialog('Change passphrase');
  await change.getByLabel('New passphrase', { exact: true }).fill('second');
  await change.getByLabel('Repeat passphrase', { exact: true }).fill('secund');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change.getByRole('alert')).toContainText('not the same');
  await change.getByLabel('Repeat passphrase', { exact: true }).fill('second');
  await change.getByRole('button', { name: 'Save' }).click();
  await expect(change).toBeHidden();

  await alice.page.reload();
  await alice.unlock('first');
  await expect(alice.page.getByRole('alert')).toContainText('Wrong passphrase');
  await alice.unlock('second');
  await alice.expectMainView();

  await (await alice.openSettings()).getByRole('button', { name: 'Remove passphrase' }).click();
  const remove = alice.dialog('Remove passphrase');
  await remove.getByRole('button', { name: 'Remove passphrase' }).click();
  await expect(remove).toBeHidden();
  await alice.page.reload();
  await alice.expectMainView();
});

/** Everything that the page keeps in this browser, as one string of bytes. */
function everythingStored(): Promise<string> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sotto');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const names = [...database.objectStoreNames];
      const found: string[] = [JSON.stringify({ ...localStorage })];
      const reading = database.transaction(names);
      for (const name of names) {
        const all = reading.objectStore(name).getAll();
        all.onsuccess = () => {
          for (const value of all.result) found.push(new TextDecoder('latin1').decode(value));
        };
      }
      reading.oncomplete = () => {
        database.close();
        resolve(found.join('\n'));
      };
    };
  });
}

test('under a password nothing readable lies in the storage of the browser', async ({
  person,
  visitor,
}) => {
  await person('bob');
  const alice = await visitor();
  const code = await alice.signUp('alice', { stay: false });
  await alice.switchBridgeOn();
  await alice.open('bob');
  await alice.write('a telltale sentence');
  await alice.expectState('a telltale sentence', 'stored');
  const stored = await alice.page.evaluate(everythingStored);
  expect(stored.length).toBeGreaterThan(500);
  for (const secret of ['telltale', PASSWORD, 'alice', 'bob', ...code.split('-'), code]) {
    expect(stored).not.toContain(secret);
  }

  await alice.page.reload();
  await expect(alice.page.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  await expect(alice.page.getByLabel('Password', { exact: true })).toBeFocused();
  await expect(alice.page.getByText('telltale')).toHaveCount(0);
  await alice.unlock('plain words in a rox');
  await expect(alice.page.getByRole('alert')).toContainText('Wrong password');
  await alice.unlock(PASSWORD);
  await expect(alice.conversation('bob')).toBeVisible();
  await alice.expectState('a telltale sentence', 'stored');
});

test('under a passphrase nothing readable lies in the storage of the browser', async ({
  person,
  classicPerson,
}) => {
  await person('bob');
  const alice = await classicPerson('Alice');
  await alice.open('bob');
  await alice.write('a telltale sentence');
  await alice.expectState('a telltale sentence', 'stored');
  await alice.setPassphrase('correct horse');
  const stored = await alice.page.evaluate(everythingStored);
  expect(stored.length).toBeGreaterThan(500);
  for (const secret of ['telltale', 'correct horse', 'Alice', 'bob']) {
    expect(stored).not.toContain(secret);
  }
});

test('a half-cleared store is explained, and never reset', async ({ person }) => {
  const alice = await person('alice');
  const { page } = alice;
  // A page of the same origin on which Sotto does not run.
  const aside = new URL('aside', alice.address).href;
  const body = '<!doctype html><link rel="icon" href="data:,">';
  await page.route(aside, (route) => route.fulfill({ contentType: 'text/html', body }));
  await page.goto(aside);
  // Takes away the key slot, as a browser that clears some of the data might.
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('sotto');
        opening.onsuccess = () => {
          const writing = opening.result.transaction('records', 'readwrite');
          writing.objectStore('records').delete(new TextEncoder().encode('k'));
          writing.oncomplete = () => {
            opening.result.close();
            resolve();
          };
          writing.onerror = () => reject(writing.error);
        };
      }),
  );
  await alice.visit();
  const heading = page.getByRole('heading', { name: 'Your messages cannot be opened' });
  await expect(heading).toBeVisible();
  await expect(page.getByRole('alert')).not.toBeEmpty();
  await expect(page.getByRole('button')).toHaveText(['Try again']);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(heading).toBeVisible();
});
