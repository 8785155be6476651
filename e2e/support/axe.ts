// Looks for what keeps people out: axe, on the page as it is.

import AxeBuilder from '@axe-core/playwright';
import type { Person } from './person';
import { expect, test } from './test';

/** Complains about everything that axe finds on the page. */
export async function expectNoViolation(person: Person, state: string): Promise<void> {
  await test.step(state, async () => {
    const axe = new AxeBuilder({ page: person.page });
    // All that darkness changes is colours; the other rules have looked at the same page in light.
    const dark = () => matchMedia('(prefers-color-scheme: dark)').matches;
    if (await person.page.evaluate(dark)) axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    }));
    expect.soft(found, state).toEqual([]);
  });
}
