// A little world to take pictures of.

import { picture } from '../support/content';
import type { ClassicClient } from '../support/classic';
import type { Fixtures } from '../support/test';
import type { Person } from '../support/person';

/** What the account is called. */
export const OWN_NAME = 'ada';
const DISPLAY_NAME = 'Ada Lovelace';
export const FRIEND = 'Charles Babbage';

type Options = Parameters<Fixtures['person']>[1];

/** Ada's view: a conversation with Charles, and four others who have written. */
export async function demo(
  stranger: Fixtures['stranger'],
  person: Fixtures['person'],
  options?: Options,
): Promise<{ ada: Person; charles: ClassicClient }> {
  const charles = await stranger(FRIEND);
  const [mary, grace, alan, emmy] = [
    await stranger('Mary Somerville'),
    await stranger('Grace Hopper'),
    await stranger('Alan Turing'),
    await stranger('Emmy Noether'),
  ];
  await stranger('Sofia Kovalevskaya');
  const ada = await person(OWN_NAME, { ...options, displayName: DISPLAY_NAME });
  const says = async (who: ClassicClient, ...texts: string[]) => {
    await who.sendKey(OWN_NAME);
    for (const text of texts) await who.sendText(OWN_NAME, text);
  };
  await says(emmy, 'Invariants, then. I will write it up.');
  await says(alan, 'Could a machine have written this?');
  await says(grace, 'Found the bug. It had wings.');
  await says(mary, 'Tea on Thursday?', 'I have a new telescope to show you.');
  await charles.sendKey(OWN_NAME);

  await ada.listed('Emmy Noether').click();
  await ada.expectState('Invariants, then. I will write it up.', 'received');
  await ada.listed('Alan Turing').click();
  await ada.expectState('Could a machine have written this?', 'received');
  await ada.write('Only if somebody told it to.');
  await ada.expectState('Only if somebody told it to.', 'stored');

  await ada.listed(FRIEND).click();
  await charles.sendText(OWN_NAME, 'Good morning! The drawings of the mill are done.');
  await ada.expectState('Good morning! The drawings of the mill are done.', 'received');
  await ada.write('Wonderful, send them over.');
  await ada.expectState('Wonderful, send them over.', 'stored');
  await charles.sendFile(OWN_NAME, picture('mill', 640, 320).buffer);
  await ada.log.getByRole('img', { name: /^Picture/ }).waitFor();
  await ada.files.getByRole('button', { name: 'Rename' }).click();
  await ada.page.getByRole('textbox', { name: 'File name' }).fill('mill valley.png');
  await ada.page.keyboard.press('Enter');
  await ada.page.getByText('mill valley.png').waitFor();
  await ada.write('I have finished note G. The engine will work out the Bernoulli numbers!');
  await ada.write('The table is here: https://example.org/notes/g');
  await ada.expectState('The table is here: https://example.org/notes/g', 'stored');
  await charles.sendText(OWN_NAME, 'Then there is nothing left to do but build it.');
  await ada.expectState('Then there is nothing left to do but build it.', 'received');
  await ada.composer.focus();
  await ada.page.mouse.move(700, 10);
  return { ada, charles };
}
