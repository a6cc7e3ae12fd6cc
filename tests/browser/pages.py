"""The pages as a person finds their way around them."""

from __future__ import annotations

from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db.models import Model
from django.urls import reverse
from django.utils.safestring import SafeString
from playwright.sync_api import Locator, Page, expect

from instances.models import Instance, Operation

# What the page of an operation asks for news.
LIVE = "**/live/**"


class Screen:
    """A page, and a mark on it that a reload would wipe away."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def side_bar(self, name: str) -> Locator:
        return self.page.locator("#nav-sidebar-apps").get_by_role("link", name=name)

    def mark(self) -> None:
        self.page.evaluate("window.marked = true")

    @property
    def was_reloaded(self) -> bool:
        return not self.page.evaluate("window.marked === true")


class Login(Screen):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.name = page.get_by_label("Username")
        self.password = page.get_by_label("Password")

    def sign_in(self, name: str, password: str) -> None:
        self.name.fill(name)
        self.password.fill(password)
        self.page.get_by_role("button", name="Log in").click()


class AddForm(Screen):
    url = "/admin/instances/instance/add/"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.name = page.get_by_label("Name")
        self.name_check = page.locator("#name-check")
        self.save = page.get_by_role("button", name="Save")

    def open(self) -> AddForm:
        self.page.goto(self.url)
        return self

    def complaint(self) -> str:
        """Return what the browser has against the name; with one it does not submit."""
        return str(self.name.evaluate("field => field.validationMessage"))


class OperationPage(Screen):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        status = page.locator("#operation-status")
        self.status = status
        self.state = status.locator(".operation-head [data-announce]")
        self.announcement = page.locator("#announcement")
        self.progress = status.get_by_role("progressbar")
        self.steps = page.locator("#operation-steps tbody tr")
        self.log = page.locator("#operation-log li")
        self.reasons = page.locator("#operation-buttons .reasons")
        self.connection = page.locator("#connection")
        self.dialog = page.get_by_role("dialog")

    def open(self, operation: Operation) -> OperationPage:
        self.page.goto(address(operation))
        return self

    def shows(self, state: str) -> None:
        """Wait until the operation is in this state."""
        expect(self.state).to_have_text(state)

    def waits_for(self, what: str) -> None:
        expect(self.status.locator(".notice", has_text=what)).to_be_visible()

    def shows_progress(self, text: str) -> None:
        expect(self.progress).to_have_attribute("aria-valuetext", f"{text} steps")

    def step(self, title: str) -> Locator:
        return self.steps.filter(has_text=title)

    def link(self, text: str) -> Locator:
        return self.status.get_by_role("link", name=text)

    def usable_buttons(self) -> list[str]:
        usable = self.page.locator("#operation-buttons [role=button]:not([aria-disabled])")
        return [name.split("\n")[-1] for name in usable.all_inner_texts()]

    def button(self, label: str) -> Locator:
        return self.page.locator("#operation-buttons").get_by_role("button", name=label, exact=True)

    def ask_for(self, verb: str) -> Locator:
        """Press a verb's button and return its dialog."""
        self.button(verb).click()
        expect(self.dialog).to_contain_text(f"{verb} “")
        return self.dialog

    def do(self, verb: str) -> None:
        """Press a verb's button and confirm."""
        self.ask_for(verb).get_by_role("button", name=verb, exact=True).click()

    def log_ids(self) -> list[str]:
        return list(self.log.evaluate_all("lines => lines.map(line => line.id)"))


class InstanceList(Screen):
    url = "/admin/instances/instance/"

    def open(self) -> InstanceList:
        self.page.goto(self.url)
        return self


class OperationList(Screen):
    url = "/admin/instances/operation/"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.rows = page.locator("#result_list tbody tr")

    def open(self) -> OperationList:
        self.page.goto(self.url)
        return self

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def ask_for(self, verb: str, row: str) -> Locator:
        """Press a verb's button on a row and return its dialog."""
        self.row(row).get_by_role("button", name=verb, exact=True).click()
        return self.page.get_by_role("dialog")

    def select(self, *rows: str) -> None:
        for row in rows:
            self.row(row).get_by_role("checkbox").check()

    def run(self, action: str) -> None:
        self.page.get_by_label("Select action to run").select_option(label=action)
        self.page.get_by_role("button", name="Run").click()


class InstancePage(Screen):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.history = page.get_by_role("region", name="History").get_by_role("listitem")

    def open(self, instance: Instance) -> InstancePage:
        self.page.goto(address(instance))
        return self

    def button(self, label: str) -> Locator:
        return self.page.get_by_role("button", name=label, exact=True)

    def key(self, name: str) -> Locator:
        return self.page.locator(f"#key-{name}")

    def reveal(self, name: str) -> None:
        self.button(f"Reveal {name}").click()
        # The last that happens: the time until it hides runs from here.
        expect(self.button(f"Copy {name}")).to_be_focused()


def address(row: Model) -> str:
    """Return the address of the row's own page."""
    return reverse(admin_urlname(row._meta, SafeString("change")), args=[row.pk])
