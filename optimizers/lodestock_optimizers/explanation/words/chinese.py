"""The sentences in Chinese, in simplified characters."""

from __future__ import annotations

MONEY = ((1e8, "{} 亿美元"), (1e4, "{} 万美元"), (1.0, "{} 美元"))
UNITS = {
    "t": ("{} 吨", "一吨"),
    "USD": ("{} 美元", "一美元"),
    "days": ("{} 天", "一天"),
    "share": ("{} %", "一个百分点"),
    "t/year": ("每年 {} 吨", "每年一吨"),
}
ANY_UNIT = ("{} {}", "一单位 {}")
MORE = {"way": "增加", "Way": "增加", "to": "至多到"}
LESS = {"way": "减少", "Way": "减少", "to": "至少到"}
UNNAMED = "未具名的供应方"
UNNAMED_SOURCE = "{}（未具名的供应方）"
CAUSES = {
    "unit_price_usd_per_tonne": "{subject} 的价格",
    "tariff_rate": "{subject} 的关税",
    "freight_usd_per_tonne": "{subject} 的运费",
    "spot_premium": "{subject} 的现货溢价",
    "reservation_fee_usd_per_tonne": "{subject} 的预留费",
    "capital_usd_per_tonne_year": "{subject} 新建产能的资本成本",
    "fixed_usd_per_tonne_year": "{subject} 新建产能的固定成本",
    "fixed_cost_usd": "{subject} 的固定成本",
    "risk": "{subject} 的供应风险计费",
    "price_usd_per_unit": "足迹 {subject} 的价格",
    "holding_usd_per_tonne_year": "{subject} 的库存持有",
    "floor_shortfall_usd_per_tonne_year": "{subject} 库存低于下限",
    "closing_shortfall_usd_per_tonne": "{subject} 期末库存不足",
    "disposal_usd_per_tonne": "{subject} 的处置",
    "shortage_cost_usd_per_tonne": "{subject} 在{tier}需求层级的短缺",
    "cost_usd_per_tonne": "替代 {subject}",
}
LIMITS = {
    "quota": "配额 {subject}",
    "share_cap": "{material} 中 {country} 份额的上限 {subject}",
    "share_floor": "{material} 的份额下限 {subject}",
    "stock_floor": "{material} 的库存下限",
    "closing_stock": "{material} 的期末库存",
    "storage": "{material} 的仓储容量",
    "stock_in": "{material} 的入库上限",
    "stock_out": "{material} 的出库上限",
    "budget": "预算",
    "reserves": "{subject} 的储量",
    "spot_capacity": "{subject} 的现货供应量",
    "capacity": "{subject} 的产能",
    "expansion": "{subject} 可新建的产能",
    "embargo": "禁运 {subject}",
    "footprint_cap": "足迹 {subject} 的上限",
    "book": "{subject} 已签的合同量",
    "min_order": "{subject} 的最低订货量",
}
TIERS = {"DEFENCE": "国防", "ESSENTIAL": "必需", "GENERAL": "一般"}
IN_PERIOD = "{period} 期的{named}"
FROM_TO = "{} 至 {}"
SOME_OF = "{} 至 {} 之间若干"
IF = "{named}（若发生 {scenarios}）"
IF_OTHERS = "{named}（若发生 {scenarios} 或其他情景）"
QUANTITIES = {
    "deliveries": "{country} 的 {material} 预期交付量",
    "contracts_now": "期初与 {subject} 签订的合同量",
    "peak_stock": "{material} 的最高库存",
}
PARTS = {
    "limits": "各项限制",
    "why_not": "供应商",
    "firm_quantities": "数量的稳固程度",
    "value_of_planning": "为中断预作规划的价值",
    "value_of_perfect_information_usd": "预知未来的价值",
}
SENTENCES = {
    "cost": "该计划的预期成本为 {cost}（折现至期初）；计入风险计费后，用于选择的总额为 {objective}。",
    "cost_tail": "该计划的预期成本为 {cost}（折现至期初）；"
    "计入风险计费和最高成本情形的权重后，用于选择的总额为 {objective}。",
    "cause": "总额中 {cost} 来自{cause}。",
    "relief_to": "{limit}每{way}{unit}，可节省 {worth}，{to} {end} 为止；现值为 {value}。",
    "relief_always": "{limit}每{way}{unit}，可节省 {worth}，不论{way}多少；现值为 {value}。",
    "relief_first": "{limit}略微{way}时，每{unit}可节省 {worth}；现值为 {value}。",
    "relief_nothing": "{limit}{way}不会节省成本；现值为 {value}。",
    "tighter_to": "每{way}{unit}，则多花同样的金额，{to} {end} 为止。",
    "tighter_always": "每{way}{unit}，则多花同样的金额，不论{way}多少。",
    "tighter_first": "略微{way}时，每{unit}则多花 {worth}。",
    "tighter_nothing": "略微{way}不会增加成本。",
    "tighter_impossible": "再{way}则无可行计划。",
    "tighter_alone": "{limit}略微{way}时，每{unit}则多花 {worth}；现值为 {value}。",
    "priced": "按该计划的价格，{limit}每{way}{unit}，价值 {worth}。",
    "lift": "取消{limit}可节省 {worth}。",
    "forced": "从 {subject} 多购 {tonnes}，总额将增加 {cost}。",
    "forced_free": "从 {subject} 多购 {tonnes}，总额不会增加。",
    "impossible": "在其产能和现有规则下，无法从 {subject} 多购 {tonnes}。",
    "break_even": "{period} 期，{subject} 的税前报价为每吨 {price}，低于 {break_even} 时会被采购。",
    "break_even_estimated": "{period} 期，{subject} 的税前报价为每吨 {price}；"
    "按该计划的价格估计，约 {break_even} 时会被采购。",
    "break_even_never": "{period} 期，{subject} 的税前报价为每吨 {price}；按该计划的价格估计，即使免费也不会被采购。",
    "firm": "总额最多增加 {increase} % 时，{quantity}可在 {least} 至 {most} 之间；计划中为 {tonnes}。",
    "firm_fixed": "总额最多增加 {increase} % 时，{quantity}只能是 {tonnes}。",
    "knowing": "若从一开始就预知未来，可节省 {cost}。",
    "knowing_nothing": "即使从一开始就预知未来，也不会节省成本。",
    "knowing_costs": "若从一开始就预知未来，反而多花 {cost}：知情者签订的合同须受规则约束。",
    "planning": "与假定不会发生任何中断而签订的合同相比，为中断预作规划可节省 {cost}。",
    "planning_nothing": "为中断预作规划不会节省成本：假定不会发生任何中断而签订的合同同样好。",
    "planning_impossible": "无法给出为中断预作规划的价值：假定不会发生任何中断而签订的合同无法满足规则。",
    "held": "关于各项限制、供应商和数量稳固程度的数字，均以整体签订与否的合同保持不变为前提。",
    "held_in_limits": "关于各项限制和供应商会被采购的价格的数字，均以整体签订与否的合同保持不变为前提。",
    "limits_left_out": "计划达到而未逐一分析的其他限制：{count} 项。",
    "left_out": "时间不足，未能给出：{parts}。",
    "none": "没有计划：时间已到，或调用方已停止。",
    "infeasible": "没有可行计划：规则和限制无法全部满足。",
    "conflict": "无论其他如何决定，以下各项无法同时满足：{limits}。",
    "relaxation": "若{steps}，即有可行计划。",
}
STEP_UP = "{limit}升至 {value}（{field}）"
STEP_DOWN = "{limit}降至 {value}（{field}）"
STEP_AWAY = "取消{limit}（{field} 取任何值都不够）"
STEP_JOINT = "，且"
JOINT = "、"
