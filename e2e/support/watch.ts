// Nothing that a browser complains about goes unnoticed: console errors of pages and workers,
// uncaught exceptions, and reports of the content security policy fail the test.

import type { BrowserContext, ConsoleMessage, Page } from '@playwright/test';

/** What Chromium itself writes while there is no server. No page can keep it from doing so. */
const NO_SERVER =
  /WebSocket connection to '.*' failed|Failed to load resource: net::ERR_(CONNECTION|EMPTY|SOCKET|INCOMPLETE)/;

export class Watch {
  private readonly complaints: string[] = [];
  private readonly tolerated: RegExp[] = [];

  /** Watches every page of a context, and all of their workers. */
  async watch(context: BrowserContext, who: string): Promise<void> {
    context.on('console', (message) => this.said(who, message));
    context.on('weberror', (error) => this.complain(who, `uncaught: ${error.error().stack}`));
    context.on('page', (page) => this.watchPage(page, who));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(
          `content security policy: ${event.violatedDirective} ${event.blockedURI} ` +
            `${event.sourceFile}:${event.lineNumber}`,
        );
      });
    });
  }

  /** Complaints of this kind belong to what the test does. */
  tolerate(kind: RegExp): void {
    this.tolerated.push(kind);
  }

  /** Everything that was complained about; what a server that is down explains is left out. */
  found(serverWasDown: boolean): string[] {
    const tolerated = serverWasDown ? [...this.tolerated, NO_SERVER] : this.tolerated;
    return this.complaints.filter((text) => !tolerated.some((kind) => kind.test(text)));
  }

  private watchPage(page: Page, who: string): void {
    page.on('crash', () => this.complain(who, 'the page crashed'));
    page.on('requestfailed', (request) => {
      // Closing a page ends what it was loading.
      const why = request.failure()?.errorText ?? '';
      if (why !== 'net::ERR_ABORTED') {
        this.complain(who, `Failed to load resource: ${why} ${request.url()}`);
      }
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.complain(who, `${response.status()} ${response.url()}`);
    });
  }

  private said(who: string, message: ConsoleMessage): void {
    if (message.type() === 'error' || message.type() === 'warning') {
      const { url, lineNumber } = message.location();
      this.complain(who, `console ${message.type()}: ${message.text()} (${url}:${lineNumber})`);
    }
  }

  private complain(who: string, text: string): void {
    this.complaints.push(`${who}: ${text}`);
  }
}
