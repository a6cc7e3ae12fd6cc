"""The pages as a person finds their way around them."""

from __future__ import annotations

from typing import Self

from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db.models import Model
from django.urls import reverse
from django.utils.safestring import SafeString
from playwright.sync_api import Locator, Page, expect

from instances.models import Instance, Job, Operation

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


class VerbScreen(Screen):
    """A page with a place for buttons, each of which opens a dialog."""

    place = ".operation-buttons"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.buttons = page.locator(self.place)
        self.reasons = self.buttons.locator(".reasons")
        self.dialog = page.get_by_role("dialog")

    def button(self, label: str) -> Locator:
        return self.buttons.get_by_role("button", name=label, exact=True)

    def usable_buttons(self) -> list[str]:
        usable = self.buttons.locator("[role=button]:not([aria-disabled])")
        return [name.split("\n")[-1] for name in usable.all_inner_texts()]

    def ask_for(self, verb: str) -> Locator:
        """Press a verb's button and return its dialog."""
        self.button(verb).click()
        expect(self.dialog).to_contain_text(f"{verb} “")
        return self.dialog

    def do(self, verb: str, **answers: str) -> None:
        """Press a verb's button, answer what is asked, and confirm."""
        self.ask_for(verb)
        self.confirm(verb, **answers)

    def confirm(self, label: str, **answers: str) -> None:
        """Answer what the dialog asks, and press its button."""
        confirm(self.dialog, label, **answers)


def confirm(asked: Locator, label: str, *, why: str = "", typed: str = "") -> None:
    """Answer what a dialog or a page asks, and press its button."""
    if why:
        asked.get_by_label("Why").fill(why)
    if typed:
        asked.get_by_label("to go on").fill(typed)
    asked.get_by_role("button", name=label, exact=True).click()


class OperationPage(VerbScreen):
    place = "#operation-buttons"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        status = page.locator("#operation-status")
        self.status = status
        self.state = status.locator(".operation-head [data-announce]")
        self.announcement = page.locator("#announcement")
        self.progress = status.get_by_role("progressbar")
        self.steps = page.locator("#operation-steps tbody tr")
        self.log = page.locator("#operation-log li")
        self.connection = page.locator("#connection")

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

    def log_ids(self) -> list[str]:
        return list(self.log.evaluate_all("lines => lines.map(line => line.id)"))


class AskingPage(Screen):
    """What is asked before something is done, as a page: about one row, or about several."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.form = page.locator(".verb-page")
        self.alert = self.form.get_by_role("alert")

    def row(self, name: str) -> Locator:
        return self.form.get_by_role("listitem").filter(has_text=f"{name}:")

    def left_alone(self, count: int) -> None:
        heading = self.form.get_by_role("heading", name=f"Left alone: {count}", exact=True)
        expect(heading).to_be_visible()

    def confirm(self, label: str, **answers: str) -> None:
        confirm(self.form, label, **answers)


class ListScreen(Screen):
    url = ""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.rows = page.locator("#result_list tbody tr")

    def open(self) -> Self:
        self.page.goto(self.url)
        return self

    def row(self, text: str) -> Locator:
        return self.rows.filter(has_text=text)

    def select(self, *rows: str) -> None:
        for row in rows:
            self.row(row).get_by_role("checkbox").check()

    def run(self, action: str) -> AskingPage:
        """Run an action on what is selected; the page in between is shown."""
        self.page.get_by_label("Select action to run").select_option(label=action)
        self.page.get_by_role("button", name="Run").click()
        shown = AskingPage(self.page)
        expect(shown.form).to_be_visible()
        return shown


class InstanceList(ListScreen):
    url = "/admin/instances/instance/"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.held = page.locator(".notice", has_text="is held.")
        self.actions = page.get_by_label("Select action to run").get_by_role("option")

    def offered(self) -> list[str]:
        """Return the actions that can be chosen."""
        return [label for label in self.actions.all_inner_texts() if label.endswith("…")]

    def menu_button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=f"Actions for {name}", exact=True)

    def menu(self, name: str) -> Locator:
        return self.page.get_by_role("group", name=name, exact=True)

    def open_menu(self, name: str) -> Locator:
        """Open the menu of an instance's row and return it."""
        self.menu_button(name).click()
        expect(self.menu(name)).to_be_visible()
        return self.menu(name)

    def ask_for(self, verb: str, name: str) -> Locator:
        """Choose a verb in the menu of an instance's row and return its dialog."""
        self.open_menu(name).get_by_role("button", name=verb, exact=True).click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"{verb} “{name}”?")
        return dialog

    def open_filters(self) -> None:
        self.page.locator("a", has_text="Filters").click()
        expect(self.page.locator("#changelist-filter")).to_be_visible()

    def filter_by(self, choice: str) -> None:
        self.open_filters()
        self.page.locator("#changelist-filter").get_by_role("link", name=choice).click()


class OperationList(ListScreen):
    url = "/admin/instances/operation/"

    def ask_for(self, verb: str, row: str) -> Locator:
        """Press a verb's button on a row and return its dialog."""
        self.row(row).get_by_role("button", name=verb, exact=True).click()
        return self.page.get_by_role("dialog")


class JobList(ListScreen):
    url = "/admin/instances/job/"


class JobPage(VerbScreen):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.notice = page.locator(".notice")

    def open(self, job: Job) -> JobPage:
        self.page.goto(address(job))
        return self


class InstancePage(VerbScreen):
    place = "#instance-buttons"

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.glance = page.get_by_role("region", name="At a glance")
        self.services = page.get_by_role("region", name="Services").locator("tbody tr")
        self.receipts = page.get_by_role("region", name="Receipts of keys").locator("tbody tr")
        self.history = page.get_by_role("region", name="History").get_by_role("listitem")

    def open(self, instance: Instance) -> InstancePage:
        self.page.goto(address(instance))
        return self

    def service(self, name: str) -> Locator:
        return self.services.filter(has_text=name)

    def key(self, name: str) -> Locator:
        return self.page.locator(f"#key-{name}")

    def key_button(self, label: str) -> Locator:
        return self.glance.get_by_role("button", name=label, exact=True)

    def reveal(self, name: str) -> str:
        """Have a key shown, and return it."""
        self.key_button(f"Reveal {name}").click()
        # The last that happens: the time until it hides runs from here.
        expect(self.key_button(f"Copy {name}")).to_be_focused()
        return self.key(name).locator("code").inner_text()


def address(row: Model) -> str:
    """Return the address of the row's own page."""
    return reverse(admin_urlname(row._meta, SafeString("change")), args=[row.pk])
