# Home Assistant puts its own engine, probatio, in the place of voluptuous when it starts;
# the type checker must see the same.
from probatio import *
from probatio import Any as Any, In as In, Invalid as Invalid
