"""What every group of pages shares: the services, the renderer, the forms and the cookies."""

from dataclasses import dataclass

from bot.gateway.pages.security import Cookies, Forms
from bot.gateway.pages.services import PageServices
from bot.gateway.pages.templates import Pages


@dataclass(frozen=True, slots=True)
class Kit:
    """Made once, when the application is."""

    services: PageServices
    pages: Pages
    forms: Forms
    cookies: Cookies

    @classmethod
    def over(cls, services: PageServices) -> "Kit":
        cookies = Cookies(services.public_url)
        forms = Forms(services.keys, cookies, public_url=services.public_url)
        return cls(services, Pages(brand=services.brand, forms=forms), forms, cookies)
