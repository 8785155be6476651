// What a page keeps in its browser, read past the page.

import type { Page } from '@playwright/test';

/** All records of the page's databases, in hexadecimal. */
export function recordsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      if (!name) continue;
      const database = await settled(indexedDB.open(name));
      const names = [...database.objectStoreNames];
      for (const store of names) {
        const values: unknown[] = await settled(
          database.transaction(store).objectStore(store).getAll(),
        );
        for (const value of values) {
          const bytes = new Uint8Array(value instanceof ArrayBuffer ? value : (value as Uint8Array));
          found.push([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
        }
      }
      database.close();
    }
    return found;
  });
}
